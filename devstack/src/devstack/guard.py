"""What ./mt never does: touch production, or put invented matches where real ones may be. Decides; starts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from devstack.errors import BadSettings

CLOUD = (".supabase.co", ".supabase.com")
"""Ends of the hosts of Supabase's databases and poolers: there is no instance in the cloud but production."""
DATABASES = ("DATABASE_URL", "DATABASE_DIRECT_URL", "IRON_CLAW_DATABASE_URL")
PRIVATE_ALONE = "./mt run and ./mt up are for private stacks"


def hosts(name: str, address: str) -> tuple[str, ...]:
    """Every host that a connection to the address (libpq's or AMQP's) may reach, in lower case.

    BadSettings, without the address, which may hold a password, where it cannot be read.
    """
    try:
        if name == "AMQP_URL":
            found = [urlsplit(one).hostname or "" for one in address.split(";")]
        else:
            known = conninfo_to_dict(address)
            found = [host for key in ("host", "hostaddr") for host in str(known.get(key) or "").split(",") if host]
    except (ValueError, psycopg.ProgrammingError):
        raise BadSettings(f"{name} is no address: write it as postgresql://user:secret@host:port/name.") from None
    return tuple(host.lower().rstrip(".") for host in found)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def on_loopback(name: str, address: str) -> bool:
    """Whether a connection to the address cannot leave this machine."""
    found = hosts(name, address)
    return bool(found) and all(_is_loopback(host) for host in found)


def check(settings: Mapping[str, str], *, live: bool) -> None:
    """Raises BadSettings where a stack of these settings would touch production, or, unless it reads the real site
    (`live`), would send invented matches to a database or a broker that is not on loopback.
    """
    environment = settings.get("MT_ENV", "local")
    if environment != "local":
        raise BadSettings(
            f"MT_ENV is {environment!r}, and {PRIVATE_ALONE}: take MT_ENV and MT_ENV_FILE out of the environment "
            "(a run on production is scripts/trigger.sh prod)."
        )
    named = {name: hosts(name, settings[name]) for name in (*DATABASES, "AMQP_URL") if settings.get(name)}
    for name, found in named.items():
        for host in found:
            if host.endswith(CLOUD):
                raise BadSettings(
                    f"{name} names {host}, a database in the cloud, and {PRIVATE_ALONE}: take it out of the "
                    "environment and the env file (a run on production is scripts/trigger.sh prod)."
                )
    for name, found in named.items():
        if not live and not on_loopback(name, settings[name]):
            raise BadSettings(
                f"{name} names {', '.join(found) or 'no host'}, which is not this machine, and neither the generated "
                "season nor --feeds may land there: take it out, or read the real site (--live)."
            )
