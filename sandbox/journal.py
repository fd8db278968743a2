"""The journal of an emulator: what was asked of it, and what was answered, for tests to read."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.requests import Request

from sandbox.tokens import claimed_audience

VERSIONS = ("v1.0", "beta")
SUCCESS = range(200, 300)
HEADERS_OF_INTEREST = (
    "accept",
    "client-request-id",
    "consistencylevel",
    "content-type",
    "prefer",
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
