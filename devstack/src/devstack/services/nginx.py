"""A private nginx: the site as built, the API behind it, the first view of a page through server-side includes.

The configuration is deploy/nginx/nginx.conf, the same that the image gets; here its NGINX_* names are filled in.
"""

from __future__ import annotations

import re
import shutil
import signal
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from devstack.places import ROOT
from devstack.services import process
from devstack.services.process import Account, Launch, NotReady, Service, StartFailed

TEMPLATE = ROOT / "deploy" / "nginx" / "nginx.conf"
MODULES = Path("/usr/lib/nginx/modules")
BROTLI = ("ngx_http_brotli_filter_module.so", "ngx_http_brotli_static_module.so")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
COMPRESSED = (
    "text/css text/plain text/calendar text/javascript application/javascript application/json "
    "application/problem+json application/manifest+json image/svg+xml"
)
NO_SITE = "<!doctype html><title>Missing Table</title><p>The site is not built yet; the API answers under /api/.\n"


def escaped(path: Path) -> str:
    """Return a path as it stands between nginx's double quotes; StartFailed for one that no escape can carry."""
    text = str(path)
    if "$" in text:
        raise StartFailed(f"nginx takes $ for a variable and cannot be given {text}: choose another --data")
    return re.sub(r"""(["\\])""", r"\\\1", text)


def render(template: str, values: dict[str, str]) -> str:
    """Fills ${NGINX_*} in; nginx's own $variables stay. StartFailed for a name that has no value."""

    def value(match: re.Match[str]) -> str:
        try:
            return values[match[1]]
        except KeyError:
            raise StartFailed(f"{TEMPLATE} asks for ${{{match[1]}}}, which nobody sets") from None

    return re.sub(r"\$\{(NGINX_[A-Z_]+)\}", value, template)


@dataclass(frozen=True)
class Nginx:
    """A private instance in `folder`, with its own copy of the site: its account may not read the checkout."""

    folder: Path
    port: int
    backend: str
    """host:port"""
    site: Path
    account: Account | None = None
    tls: tuple[Path, Path] | None = None
    """Certificate and key (PEM), where TLS ends here: then HTTP/2 too."""

    @property
    def listen(self) -> str:
        """What NGINX_LISTEN says: the address, and with TLS the certificate."""
        if self.tls is None:
            return f"127.0.0.1:{self.port}"
        certificate, key = map(escaped, self.tls)
        return f'127.0.0.1:{self.port} ssl http2; ssl_certificate "{certificate}"; ssl_certificate_key "{key}"'

    def lay_out(self) -> Launch:
        """Copies the site, writes the configuration, and says how to run it in the foreground."""
        program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
        if program is None:
            raise StartFailed("nginx is missing: apt-get install nginx-light")
        run = self.folder / "run"
        process.own_folder(self.folder, self.account, 0o755)
        process.own_folder(run, self.account)
        public = self.folder / "site"
        shutil.rmtree(public, ignore_errors=True)
        if self.site.exists():
            shutil.copytree(self.site, public)
        else:
            public.mkdir()
            (public / "index.html").write_text(NO_SITE, encoding="utf-8")
        for part in (public, *public.rglob("*")):
            part.chmod(0o755 if part.is_dir() else 0o644)
        brotli = all((MODULES / name).exists() for name in BROTLI)
        values = {
            "NGINX_MODULES": "".join(f"load_module {MODULES / name};\n" for name in BROTLI) if brotli else "",
            "NGINX_BROTLI": f"brotli on; brotli_static on; brotli_types {COMPRESSED};" if brotli else "",
            "NGINX_BROTLI_OFF": "brotli off;" if brotli else "",
            "NGINX_BROTLI_STATIC_OFF": "brotli_static off;" if brotli else "",
            "NGINX_ACCESS_LOG": escaped(run / "access.log"),
            "NGINX_COMPRESSED": COMPRESSED,
            "NGINX_LISTEN": self.listen,
            "NGINX_BACKEND": self.backend,
            "NGINX_SITE": escaped(public),
            "NGINX_RUN": escaped(run),
        }
        conf = process.write_private(
            self.folder / "nginx.conf", render(TEMPLATE.read_text("utf-8"), values), self.account
        )
        return Launch(
            argv=(program, "-e", "stderr", "-c", str(conf), "-p", str(self.folder)),
            env=process.clean_environment(),
            cwd=self.folder,
            account=self.account,
            stop_signal=signal.SIGQUIT,  # lets answers finish
            stop_within_s=5,
        )

    def service(self) -> Service:
        """As the supervisor starts it."""
        return Service(
            name="nginx",
            launch=self.lay_out,
            ready=partial(answers, self.port, "https" if self.tls else "http"),
            tcp_ports=(self.port,),
            address=f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}",
            ready_within_s=60,
        )


def answers(port: int, scheme: str = "http") -> None:
    """Raises NotReady unless nginx itself answers (whatever the backend does)."""
    process.connects(port)
    try:
        answer = httpx.get(f"{scheme}://127.0.0.1:{port}/nginx-health", timeout=5, trust_env=False, verify=False)  # noqa: S501
    except httpx.TransportError as error:
        raise NotReady(f"http://127.0.0.1:{port} does not answer ({error})") from error
    if answer.status_code != httpx.codes.OK:
        raise NotReady(f"http://127.0.0.1:{port}/nginx-health answers {answer.status_code}")
