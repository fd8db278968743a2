"""The journal of an emulator: what was asked of it, and what was answered, for tests to read."""

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.requests import Request

from sandbox.command import Command
from sandbox.tokens import claimed_audience

VERSIONS = ("v1.0", "beta")
SUCCESS = range(200, 300)
HEADERS_OF_INTEREST = (
    "accept",
    "client-request-id",
    "consistencylevel",
    "content-type",
    "prefer",
    "traceparent",
    "user-agent",
    "x-msft-approval-code",
    "x-msft-approval-justification",
)


class Entry(BaseModel):
    """One request. Of its token only the audience is kept; equal client ports mean one connection.

    `path` is without Graph's version, which stands beside it. `status` is what was answered: None while the answer is
    under way, and for ever where the connection was cut or the caller gave up. `carried_out` is the status that the
    service itself came to: None where a fault kept the request from it, or has put it off until later.
    """

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    request_id: str
    method: str
    version: str | None
    path: str
    query: dict[str, str]
    audience: str | None
    headers: dict[str, str]
    http_version: str
    client_port: int
    body: str
    fault: str | None
    status: int | None = None
    carried_out: int | None = None

    @property
    def succeeded(self) -> bool:
        """Whether success was answered."""
        return self.status in SUCCESS


class Keeping(Command):
    """Which entries are kept."""

    keep: Literal["all", "none"]


class Journal:
    """The entries in their order, all of them unless told otherwise: a long run would fill the memory."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all entries, and keep those to come."""
        self.entries: list[Entry] = []
        self._keeping = Keeping(keep="all")

    def keep(self, keeping: Keeping) -> None:
        """Choose what is kept from now on; with `none`, what was kept so far goes as well."""
        self.clear()
        self._keeping = keeping

    def add(self, entry: Entry) -> None:
        """Take one entry."""
        if self._keeping.keep == "all":
            self.entries.append(entry)


async def read_entry(request: Request, request_id: str, fault: str | None) -> Entry:
    """Write down a request as it comes in."""
    version, path = _split(request.scope["path"])
    return Entry(
        request_id=request_id,
        method=request.method,
        version=version,
        path=path,
        query=dict(request.query_params),
        audience=claimed_audience(request.headers.get("authorization", "")),
        headers={name: request.headers[name] for name in HEADERS_OF_INTEREST if name in request.headers},
        http_version=request.scope["http_version"],
        client_port=request.scope["client"][1],
        body=(await request.body()).decode(errors="replace"),
        fault=fault,
    )


def _split(path: str) -> tuple[str | None, str]:
    for version in VERSIONS:
        if path.startswith(f"/{version}/"):
            return version, path.removeprefix(f"/{version}")
    return None, path
