"""Settings: from a file, the environment and flags, in rising order of precedence.

    hustings.toml in the data folder (or --config FILE)   studio_port = 8000
    environment                                           HUSTINGS_STUDIO_PORT=8000
    flags                                                 --studio-port 8000

All three speak of the same names. `docs/settings.md` describes each of them; a test compares.
A value that cannot be used stops the program: setting, value, and what is allowed.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from hustings import limits, turn
from hustings.errors import BadInput, ConfigError

ENVIRONMENT_PREFIX: Final = "HUSTINGS_"
FILE_NAME: Final = "hustings.toml"


def _port(what: str) -> Meta:
    return Meta(ge=1, le=65535, description=what)


def _text(what: str) -> Meta:
    return Meta(description=what)


def _count(what: str, low: int, high: int) -> Meta:
    return Meta(ge=low, le=high, description=what)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of an installation. Every role reads the same ones."""

    data: Annotated[str, _text("folder of everything that is kept")] = "data"
    host: Annotated[str, _text("IP address that all servers listen on")] = "127.0.0.1"
    studio_port: Annotated[int, _port("TCP port of the studio (accounts, host's desk)")] = 8000
    listen_port: Annotated[int, _port("TCP port of the edges (listeners)")] = 8001
    gate_port: Annotated[int, _port("TCP port of the gate (speakers' WHIP signalling)")] = 8002
    media_port: Annotated[
        int, _port("first port for speakers' sound, UDP and TCP; stage process i uses this + i")
    ] = 8100
    studio_url: Annotated[str, _text("public address of the studio; empty: host and port")] = ""
    listen_url: Annotated[str, _text("public address of the edges; empty: host and port")] = ""
    gate_url: Annotated[str, _text("public address of the gate; empty: host and port")] = ""
    advertise: Annotated[
        tuple[str, ...],
        _text("IP addresses at which browsers reach the media ports; empty: the host setting"),
    ] = ()
    turn_urls: Annotated[
        tuple[str, ...],
        _text(
            "addresses of TURN servers, such as turn:turn.example.org?transport=tcp; empty: none"
        ),
    ] = ()
    turn_secret: Annotated[
        str, _text("secret shared with the TURN servers (coturn: static-auth-secret)")
    ] = ""
    turn_ttl_s: Annotated[
        int, _count("seconds that a seat's right to use the TURN servers lasts", 300, 604_800)
    ] = 43_200
    studio_tls_cert: Annotated[str, _text("PEM certificate chain of the studio")] = ""
    studio_tls_key: Annotated[str, _text("PEM private key of the studio")] = ""
    listen_tls_cert: Annotated[str, _text("PEM certificate chain of the edges")] = ""
    listen_tls_key: Annotated[str, _text("PEM private key of the edges")] = ""
    gate_tls_cert: Annotated[str, _text("PEM certificate chain of the gate")] = ""
    gate_tls_key: Annotated[str, _text("PEM private key of the gate")] = ""
    live_servers: Annotated[
        tuple[str, ...], _text("addresses of a NATS cluster for live; empty: an own child")
    ] = ()
    log_servers: Annotated[
        tuple[str, ...], _text("addresses of a JetStream cluster; empty: an own child")
    ] = ()
    log_replicas: Annotated[int, _count("copies of each space's log in a cluster", 1, 5)] = 1
    nats_user: Annotated[str, _text("user name at the NATS servers; set per role by serve")] = ""
    nats_password: Annotated[str, _text("password at the NATS servers; set per role by serve")] = ""
    nats_ca: Annotated[str, _text("PEM certificates that the NATS servers' TLS is checked by")] = ""
    database_url: Annotated[
        str, _text("SQLAlchemy address of the database; empty: SQLite in the data folder")
    ] = ""
    store_url: Annotated[
        str, _text("address of the object store; empty: a folder in the data folder")
    ] = ""
    store_endpoint: Annotated[
        str, _text("address of an S3 server other than Amazon's; empty: by the region")
    ] = ""
    store_region: Annotated[str, _text("region of the S3 bucket; empty: us-east-1")] = ""
    store_key: Annotated[str, _text("access key of the S3 bucket; empty: AWS_ACCESS_KEY_ID")] = ""
    store_secret: Annotated[
        str, _text("its secret; empty: AWS_SECRET_ACCESS_KEY, or the machine's own role")
    ] = ""
    store_virtual_host: Annotated[
        bool, _text("whether the bucket's name stands in the server's name instead of in the path")
    ] = False
    log_keep_h: Annotated[
        int, _count("hours that a posted space's sound stays in the log as well", 1, 8_760)
    ] = 24
    recordings_keep_days: Annotated[
        int, _count("days that recordings are kept after the end; 0: for ever", 0, 36_500)
    ] = 0
    host_quota_gb: Annotated[
        int, _count("gigabytes of recordings that one host may keep; 0: no bound", 0, 1_000_000)
    ] = 0
    smtp_url: Annotated[
        str, _text("mail server: smtp://, smtp+starttls:// or smtps://user:password@host:port")
    ] = ""
    mail_from: Annotated[str, _text("sender of the studio's mail; empty: hustings@ its host")] = ""
    feed_category: Annotated[
        str, _text("Apple's category of the podcasts; a second one within it after >")
    ] = "Society & Culture"
    feed_owner: Annotated[
        str, _text("e-mail address by which directories check who owns the podcasts; empty: none")
    ] = ""
    fetch_private: Annotated[
        bool, _text("whether webhooks and push may go to private and loopback addresses")
    ] = False
    sign_up: Annotated[
        str,
        Meta(
            pattern="^(invitation|open)$",
            description="who can make an account; open: whoever comes",
        ),
    ] = "invitation"
    oidc_issuer: Annotated[
        str, _text("address of an OpenID provider that people sign in with; empty: none")
    ] = ""
    oidc_client_id: Annotated[str, _text("name of this studio at the OpenID provider")] = ""
    oidc_client_secret: Annotated[str, _text("secret of this studio at the OpenID provider")] = ""
    oidc_name: Annotated[str, _text("what the OpenID provider is called on the sign-in page")] = (
        "single sign-on"
    )
    edges: Annotated[
        int, _count("edge processes sharing the listen port; 0: one for each core", 0, 64)
    ] = 1
    stages: Annotated[int, _count("stage processes; the second is the spare", 1, 64)] = 2
    listeners_max: Annotated[int, _count("listeners of one edge process", 1, 1_000_000)] = (
        limits.LISTENERS_COUNT
    )
    readers_max: Annotated[
        int, _count("readers of live text at one edge process", 0, 1_000_000)
    ] = limits.READERS_COUNT
    egress_bps_max: Annotated[
        int, _count("bits per second that one edge process sends; 0: no bound", 0, 10**12)
    ] = 0
    cdn_url: Annotated[
        str, _text("address of a CDN in front of the edges, for listeners beyond them; empty: none")
    ] = ""
    rung: Annotated[
        str,
        Meta(
            pattern="^(auto|live|slow|slower|segments|text|wait)$",
            description="rung that newcomers get; auto: by load",
        ),
    ] = "auto"
    address_max: Annotated[
        int, _count("connections of one IPv4 address or IPv6 /64 to one edge; 0: any", 0, 1_000_000)
    ] = limits.ADDRESS_COUNT
    trusted_proxies: Annotated[
        tuple[str, ...],
        _text("addresses or networks of proxies, which are believed and not bounded by that"),
    ] = ()
    stage_spaces_max: Annotated[
        int, _count("spaces that one stage process takes", 1, limits.STAGE_SPACES_COUNT)
    ] = limits.STAGE_SPACES_COUNT
    index: Annotated[int, _count("number of this process among those of its role", 0, 63)] = 0
    speakers_max: Annotated[int, _count("speakers connected at once in one space", 1, 50)] = 13
    opus_bps: Annotated[int, _count("bit rate of the Opus programme", 16_000, 128_000)] = 32_000
    aac_bps: Annotated[int, _count("bit rate of the AAC programme", 32_000, 192_000)] = 64_000
    opus_complexity: Annotated[int, _count("effort of the Opus encoders", 0, 10)] = 5
    denoise: Annotated[
        str,
        Meta(
            pattern="^(off|on)$",
            description="noise suppression of seats that decided nothing else; needs the extra",
        ),
    ] = "off"
    captions: Annotated[
        str,
        Meta(
            pattern="^(auto|on|off)$",
            description="captions and transcripts; auto: where the extra is installed",
        ),
    ] = "auto"
    captions_language: Annotated[
        str, _text("language of spaces that name none, such as en or de")
    ] = "en"
    captions_model_dir: Annotated[
        str, _text("folder of speech models of your own; empty: those in packages")
    ] = ""
    restart: Annotated[bool, _text("whether serve restarts a role that died")] = True
    log_level: Annotated[
        str, Meta(pattern="^(debug|info|warning|error)$", description="least level that is printed")
    ] = "info"

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data)

    def public_url(self, server: str) -> str:
        """Public address of `studio`, `listen` or `gate`, without a slash at the end."""
        given: str = getattr(self, f"{server}_url")
        if given:
            return given.rstrip("/")
        scheme = "https" if getattr(self, f"{server}_tls_cert") else "http"
        address = ipaddress.ip_address(self.host)
        name = "localhost" if address.is_loopback or address.is_unspecified else self.host
        bracketed = f"[{name}]" if ":" in name else name
        return f"{scheme}://{bracketed}:{getattr(self, f'{server}_port')}"


def names() -> tuple[str, ...]:
    """The settings' names, in the order in which they are declared."""
    return Settings.__struct_fields__


def describe(name: str) -> str:
    """What a setting means, in one line."""
    return next(m.description or "" for m in _metas(name) if m.description)


def default(name: str) -> object:
    """A setting's default."""
    return getattr(Settings(), name)


def shown_default(name: str) -> str:
    """A setting's default as it stands in a settings file."""
    value = default(name)
    if isinstance(value, tuple):
        return "[]"
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


def allowed(name: str) -> str:
    """What a setting may be, in words."""
    hint = _hints()[name]
    kind = get_args(hint)[0] if get_args(hint) else hint
    for meta in _metas(name):
        if meta.pattern is not None:
            return "one of " + ", ".join(meta.pattern.strip("^$()").split("|"))
        if meta.ge is not None:
            return f"a whole number from {meta.ge} to {meta.le}"
    if kind is bool:
        return "true or false"
    return "a list of texts" if kind not in (str, int) else "a text"


def load(
    *, file: Path | None, environment: Mapping[str, str], flags: Mapping[str, Any]
) -> Settings:
    """The settings of this start.

    `file` must exist if given; without it, `hustings.toml` in the data folder is read if it is
    there. `flags` holds values by setting name. Raises `ConfigError`.
    """
    given = {k: v for k, v in flags.items() if v is not None}
    from_environment = {
        k.removeprefix(ENVIRONMENT_PREFIX).lower(): v
        for k, v in environment.items()
        if k.startswith(ENVIRONMENT_PREFIX)
        and k.removeprefix(ENVIRONMENT_PREFIX).lower() in names()
    }
    data = given.get("data") or from_environment.get("data") or default("data")
    merged = {**_file(file, Path(str(data)) / FILE_NAME), **from_environment, **given}
    values = {name: value(name, given) for name, given in merged.items()}
    settings = Settings(**values)
    _check(settings)
    return settings


def _file(file: Path | None, usual: Path) -> dict[str, Any]:
    path = file or usual
    if not path.exists():
        if file is not None:
            raise ConfigError("config", str(file), allowed="a file that exists")
        return {}
    try:
        values = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError("config", str(path), allowed=f"a TOML file ({error})") from error
    for name, value in values.items():
        if name not in names():
            raise ConfigError(name, value, allowed="one of the settings in docs/settings.md")
    return values


def value(name: str, given: Any) -> Any:
    """A setting's value from what was given for it, a text mostly; `ConfigError` if it cannot be
    used."""
    hint = _hints()[name]
    if isinstance(given, str) and get_args(hint) and get_args(hint)[0] == tuple[str, ...]:
        given = [part.strip() for part in given.split(",") if part.strip()]
    try:
        return msgspec.convert(given, hint, strict=not isinstance(given, str))
    except msgspec.ValidationError as error:
        raise ConfigError(name, given, allowed=allowed(name)) from error


def _check(settings: Settings) -> None:
    for name in ("host", "advertise"):
        value = getattr(settings, name)
        for address in [value] if isinstance(value, str) else value:
            try:
                ipaddress.ip_address(address)
            except ValueError as error:
                raise ConfigError(name, address, allowed="an IP address") from error
    _check_tls(settings)
    _check_turn(settings)
    for name in ("studio_url", "listen_url", "gate_url", "cdn_url", "store_endpoint"):
        value = getattr(settings, name)
        if value and not value.startswith(("http://", "https://")):
            raise ConfigError(name, value, allowed="an address with http:// or https://")
    for one in settings.trusted_proxies:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise ConfigError(
                "trusted_proxies", one, allowed="IP addresses, or networks such as 10.0.0.0/8"
            ) from error
    if settings.smtp_url and not settings.smtp_url.startswith(
        ("smtp://", "smtps://", "smtp+starttls://")
    ):
        raise ConfigError(
            "smtp_url",
            "(not shown)",
            allowed="an address with smtp://, smtps:// or smtp+starttls://",
        )
    _check_oidc(settings)
    if settings.rung == "segments" and not settings.cdn_url:
        raise ConfigError("rung", "segments", allowed="segments only with cdn_url set")
    ports = [settings.studio_port, settings.listen_port, settings.gate_port]
    if len(set(ports)) != len(ports):
        raise ConfigError(
            "gate_port", settings.gate_port, allowed="a port that no other server uses"
        )


def _check_tls(settings: Settings) -> None:
    for server in ("studio", "listen", "gate"):
        certificate = getattr(settings, f"{server}_tls_cert")
        key = getattr(settings, f"{server}_tls_key")
        if bool(certificate) != bool(key):
            missing = f"{server}_tls_{'key' if certificate else 'cert'}"
            raise ConfigError(missing, "", allowed="a file, because its counterpart is set")
        for name, path in ((f"{server}_tls_cert", certificate), (f"{server}_tls_key", key)):
            if path and not Path(path).is_file():
                raise ConfigError(name, path, allowed="a PEM file that exists")


def _check_turn(settings: Settings) -> None:
    for url in settings.turn_urls:
        try:
            turn.parse(url)
        except BadInput as error:
            raise ConfigError("turn_urls", url, allowed=error.expected) from error
    if bool(settings.turn_urls) != bool(settings.turn_secret):
        name, other = ("turn_secret", "turn_urls")
        if settings.turn_secret:
            name, other = other, name
        raise ConfigError(name, "", allowed=f"a value, because {other} is set")


def _check_oidc(settings: Settings) -> None:
    issuer = urlsplit(settings.oidc_issuer)
    if not settings.oidc_issuer:
        return
    if issuer.scheme != "https" and issuer.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ConfigError("oidc_issuer", settings.oidc_issuer, allowed="an address with https://")
    if not settings.oidc_client_id:
        raise ConfigError("oidc_client_id", "", allowed="a name, because oidc_issuer is set")


def _hints() -> dict[str, Any]:
    return get_type_hints(Settings, include_extras=True)


def _metas(name: str) -> list[Meta]:
    return [m for m in get_args(_hints()[name])[1:] if isinstance(m, Meta)]
