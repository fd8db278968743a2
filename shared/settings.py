"""The settings, read once from the environment: all mistakes together, each by the setting's name."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from shared.callers import Authentication, Mode
from shared.details import FieldError
from shared.documents import Site
from shared.errors import Misconfigured
from shared.guardrails import NARROW, Guardrails
from shared.schemas import GUID, is_guid

APP_FOLDER = Path(__file__).resolve().parent.parent
MAX_DEADLINE_SECONDS = 220
MAX_PORT = 65_535
MAX_RATE = 100_000
MAX_DAYS = 3650
FILE = "sqlite:///"
OPERATIONS = "operations"
"""The name of the ledger's table and of the queue, and of the queue in the trigger."""

RATE_RULE = f"must be a whole number from 1 to {MAX_RATE}"
DAYS_RULE = f"must be a whole number from 1 to {MAX_DAYS}"
STORE_RULE = "must be https://{account}.%s.core.windows.net; sqlite:///{file}, one for both, serves the sandbox"

_LOOPBACK_URL = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:(?P<port>[0-9]{1,5}))?")
_ANYTHING = re.compile(".+", re.DOTALL)
_STORAGE = re.compile(r"https://[a-z0-9][a-z0-9.-]*[a-z0-9]/?")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Cloud:
    """One of Microsoft's clouds: Graph's host, and the login host as `azure.identity.AzureAuthorityHosts` has it."""

    graph_host: str
    login_host: str

    @property
    def scope(self) -> str:
        """The scope of tokens for this cloud's Graph, and for no other."""
        return f"https://{self.graph_host}/.default"


CLOUDS: Mapping[str, Cloud] = {
    "global": Cloud("graph.microsoft.com", "login.microsoftonline.com"),
    "usgov": Cloud("graph.microsoft.us", "login.microsoftonline.us"),
    "usgov-dod": Cloud("dod-graph.microsoft.us", "login.microsoftonline.us"),
    "china": Cloud("microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn"),
}


@dataclass(frozen=True)
class Settings:
    """Everything that an installation decides, checked."""

    cloud: Cloud
    graph_base_url: str
    client_id: str | None
    authentication: Authentication
    guardrails: Guardrails
    writes_enabled: bool
    require_group_check: bool
    filters: bool
    writes_per_20s: int
    requests_per_minute: int
    deadline_seconds: int
    base_url: str
    webhooks: bytes | None
    store: str | None
    queue: str | None
    retention: timedelta


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check the settings; raises Misconfigured with one error per setting that is missing or wrong."""
    read = _Reader(environment)
    cloud = CLOUDS[read.choice("GRAPH_CLOUD", *CLOUDS, default="global")]
    loopback_url = read.value("GRAPH_BASE_URL", _loopback_url, "must be http://127.0.0.1:{port}: it serves the sandbox")
    settings = Settings(
        cloud=cloud,
        graph_base_url=loopback_url or f"https://{cloud.graph_host}",
        client_id=read.value("AZURE_CLIENT_ID", _guid, "must be the GUID of the user-assigned identity"),
        authentication=_authentication(read),
        guardrails=read.value("GUARDRAILS", _guardrails, "must be a JSON object or the path of a readable file")
        or NARROW,
        writes_enabled=read.choice("WRITES_ENABLED", "true", "false", default="true") == "true",
        require_group_check=read.choice("REQUIRE_GROUP_CHECK", "true", "false", default="false") == "true",
        filters=read.choice("ASSIGNMENT_FILTERS", "off", "beta", default="off") == "beta",
        deadline_seconds=read.value("REQUEST_DEADLINE_SECONDS", _seconds, "must be a whole number from 1 to 220")
        or 100,
        writes_per_20s=read.value("GRAPH_WRITES_PER_20S", _rate, RATE_RULE) or 100,
        requests_per_minute=read.value("CALLER_REQUESTS_PER_MINUTE", _rate, RATE_RULE) or 120,
        webhooks=read.value("WEBHOOKS", _document, "must be a JSON object or the path of a readable file"),
        store=read.value("OPERATIONS_STORE", _store, STORE_RULE % "table"),
        queue=read.value("OPERATIONS_QUEUE", _store, STORE_RULE % "queue"),
        retention=timedelta(days=read.value("OPERATIONS_RETENTION_DAYS", _days, DAYS_RULE) or 90),
        base_url=_own_url(read.required("WEBSITE_HOSTNAME", "must be the app's own host name; the platform sets it")),
    )
    by_the_platform = "is set by the platform for an app that has a managed identity: assign one"
    read.required("IDENTITY_ENDPOINT", by_the_platform, re.compile(r"https?://[^/\s]+/\S*"))
    read.required("IDENTITY_HEADER", by_the_platform)
    _check_stores(read, settings, sandbox=bool(read.text("GRAPH_BASE_URL")))
    if read.errors:
        names = ", ".join(dict.fromkeys(error.field for error in read.errors))
        raise Misconfigured(f"Settings of the gateway are missing or wrong: {names}.", errors=read.errors)
    return settings


def read_site(environment: Mapping[str, str]) -> Site:
    """Read what the documents say of the installation; what is missing or wrong they leave open."""
    read = _Reader(environment)
    host_name, mode = read.text("WEBSITE_HOSTNAME"), read.text("AUTH_MODE")
    known: Mapping[str, Mode] = {"key": "key", "entra": "entra"}
    return Site(known.get(mode), _own_url(host_name) if host_name else None)


def _check_stores(read: "_Reader", settings: Settings, *, sandbox: bool) -> None:
    places = {"OPERATIONS_STORE": settings.store, "OPERATIONS_QUEUE": settings.queue}
    for name, place in places.items():
        if settings.webhooks and not read.text(name):
            read.errors.append(FieldError(name, "is missing: accepted webhooks have to be kept"))
        # What an instance has on its disk is gone with it.
        if place and place.startswith(FILE) and not (sandbox and settings.store == settings.queue):
            read.errors.append(FieldError(name, "must name Azure Storage: one file for both serves the sandbox alone"))


def _authentication(read: "_Reader") -> Authentication:
    if read.required("AUTH_MODE", "must be key or entra", re.compile("key|entra")) != "entra":
        return Authentication(tenant_id=None)
    # Whoever reaches an app whose authentication is off can claim to be anybody.
    on = "must be True, which the platform sets where App Service Authentication is on"
    read.required("WEBSITE_AUTH_ENABLED", on, re.compile("true", re.IGNORECASE))
    tenant_id = read.required("ENTRA_TENANT_ID", "must be the GUID of the callers' tenant", re.compile(GUID))
    return Authentication(tenant_id.lower())


class _Reader:
    """Reads settings one by one and collects what is wrong with them; blank counts as not set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.errors: list[FieldError] = []

    def text(self, name: str) -> str:
        return self._environment.get(name, "").strip()

    def value(self, name: str, parse: Callable[[str], Value | None], rule: str) -> Value | None:
        if not (text := self.text(name)):
            return None
        try:
            if (value := parse(text)) is not None:
                return value
            self.errors.append(FieldError(name, rule))
        except Misconfigured as error:
            self.errors.extend(error.errors)
        return None

    def choice(self, name: str, *choices: str, default: str) -> str:
        allowed = f"must be one of {', '.join(choices)}"
        return self.value(name, lambda text: text if text in choices else None, allowed) or default

    def required(self, name: str, rule: str, pattern: re.Pattern[str] = _ANYTHING) -> str:
        if not pattern.fullmatch(text := self.text(name)):
            self.errors.append(FieldError(name, rule))
        return text


def _loopback_url(text: str) -> str | None:
    parts = _LOOPBACK_URL.fullmatch(text)
    return text if parts and int(parts["port"] or 0) <= MAX_PORT else None


def _guid(text: str) -> str | None:
    return text if is_guid(text) else None


def _guardrails(text: str) -> Guardrails | None:
    document = _document(text)
    return None if document is None else Guardrails.parse(document)


def _document(text: str) -> bytes | None:
    if text.startswith("{"):
        return text.encode(errors="surrogatepass")
    try:
        # A relative path starts at the app's own folder, wherever the worker was started.
        return (APP_FOLDER / text).read_bytes()
    except OSError:
        return None


def _store(text: str) -> str | None:
    return text if text.startswith(FILE) or _STORAGE.fullmatch(text) else None


def _days(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= MAX_DAYS else None


def _seconds(text: str) -> int | None:
    # The platform cuts an HTTP function at 230 seconds.
    return int(text) if re.fullmatch("[0-9]{1,3}", text) and 1 <= int(text) <= MAX_DEADLINE_SECONDS else None


def _rate(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,6}", text) and 1 <= int(text) <= MAX_RATE else None


def _own_url(host_name: str) -> str:
    plain = _LOOPBACK_URL.fullmatch(f"http://{host_name}")
    return f"{'http' if plain else 'https'}://{host_name}"
