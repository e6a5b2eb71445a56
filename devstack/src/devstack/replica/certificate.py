"""One self-signed certificate for all host names of the replica. Trusted only by whoever is told to."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SITE = "www.mlssoccer.com"
VIEWER = "mls-assist.theintelligenceplatform.com"
MODULAR11 = "www.modular11.com"
HOSTS = (SITE, VIEWER, MODULAR11)
LIFETIME = timedelta(days=365)
RENEW_BEFORE = timedelta(days=7)


def ensure(folder: Path, now: datetime | None = None) -> tuple[Path, Path]:
    """Writes `cert.pem` (certificate alone) and `replica.pem` (key and certificate, 0600); returns both paths.

    A pair that is still good is kept, so that a replica that is restarted is trusted by whoever trusted it before.
    """
    now = now or datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    public, private = folder / "cert.pem", folder / "replica.pem"
    if not _still_good(public, private, now):
        certificate, key = _make(now)
        private.unlink(missing_ok=True)
        private.touch(mode=0o600)
        private.write_bytes(key + certificate)
        public.write_bytes(certificate)
    return public, private


def spki(public: Path) -> str:
    """Base64 SHA-256 of the public key, as Chromium's --ignore-certificate-errors-spki-list wants it."""
    key = x509.load_pem_x509_certificate(public.read_bytes()).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def _still_good(public: Path, private: Path, now: datetime) -> bool:
    if not (public.exists() and private.exists()):
        return False
    try:
        certificate = x509.load_pem_x509_certificate(public.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    covered = set(HOSTS) <= set(names.get_values_for_type(x509.DNSName))
    fresh = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE
    return covered and fresh and private.read_bytes().endswith(public.read_bytes())


def _make(now: datetime) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Missing Table source replica")])
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in (*HOSTS, "localhost")]
    names.append(x509.IPAddress(IPv4Address("127.0.0.1")))
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM), pem
