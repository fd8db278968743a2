from pathlib import Path

import pytest

from shared.details import FieldError
from shared.errors import Misconfigured
from shared.guardrails import NARROW
from shared.settings import CLOUDS, read_settings

LEAST = {
    "AUTH_MODE": "key",
    "IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi/token",
    "IDENTITY_HEADER": "header",
    "WEBSITE_HOSTNAME": "gateway.azurewebsites.net",
}
TO_ALL_DEVICES = '{"rules": [{"callers": ["*"], "targets": ["allDevices"]}]}'


def mistakes(**settings: str) -> list[FieldError]:
    with pytest.raises(Misconfigured) as caught:
        read_settings({**LEAST, **settings})
    return list(caught.value.errors)


def test_what_is_not_set_has_the_careful_default() -> None:
    settings = read_settings(LEAST)
    assert settings.graph_base_url == "https://graph.microsoft.com"
    assert settings.client_id is None
    assert settings.guardrails == NARROW
    assert settings.writes_enabled is True
    assert settings.require_group_check is False
    assert settings.deadline_seconds == 100
    assert settings.base_url == "https://gateway.azurewebsites.net"


def test_blank_is_not_set() -> None:
    blank = dict.fromkeys(("AZURE_CLIENT_ID", "GRAPH_BASE_URL", "GRAPH_CLOUD", "GUARDRAILS", "WRITES_ENABLED"), " ")
    assert read_settings({**LEAST, **blank}) == read_settings(LEAST)


AZURE = {
    "OPERATIONS_STORE": "https://desk.table.core.windows.net/",
    "OPERATIONS_QUEUE": "https://desk.queue.core.windows.net",
}
IN_A_FILE = {"OPERATIONS_STORE": "sqlite:///a", "OPERATIONS_QUEUE": "sqlite:///a"}
SANDBOX = {"GRAPH_BASE_URL": "http://127.0.0.1:7072"}


def test_accepted_work_is_kept_in_azure_and_in_the_sandbox_in_one_file() -> None:
    settings = read_settings({**LEAST, **AZURE, "WEBHOOKS": "{}", "OPERATIONS_RETENTION_DAYS": "7"})
    assert (settings.store, settings.queue) == tuple(AZURE.values())
    assert (settings.webhooks, settings.retention.days) == (b"{}", 7)
    assert read_settings({**LEAST, **SANDBOX, **IN_A_FILE}).store == "sqlite:///a"
    assert read_settings(LEAST).retention.days == 90


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"WEBHOOKS": "{}"}, {"OPERATIONS_STORE", "OPERATIONS_QUEUE"}),
        ({"WEBHOOKS": "{}", "OPERATIONS_STORE": AZURE["OPERATIONS_STORE"]}, {"OPERATIONS_QUEUE"}),
        ({"WEBHOOKS": "nowhere.json", **AZURE}, {"WEBHOOKS"}),
        (IN_A_FILE, {"OPERATIONS_STORE", "OPERATIONS_QUEUE"}),
        ({**SANDBOX, **IN_A_FILE, "OPERATIONS_QUEUE": "sqlite:///b"}, {"OPERATIONS_STORE", "OPERATIONS_QUEUE"}),
        ({"OPERATIONS_STORE": "http://desk.table.core.windows.net"}, {"OPERATIONS_STORE"}),
        ({"OPERATIONS_QUEUE": "https://desk.queue.core.windows.net/?sas=1"}, {"OPERATIONS_QUEUE"}),
        ({"OPERATIONS_RETENTION_DAYS": "0"}, {"OPERATIONS_RETENTION_DAYS"}),
        ({"OPERATIONS_RETENTION_DAYS": "3651"}, {"OPERATIONS_RETENTION_DAYS"}),
    ],
)
def test_where_work_would_be_lost_the_setting_is_named(settings: dict[str, str], wrong: set[str]) -> None:
    assert {error.field for error in mistakes(**settings)} == wrong


@pytest.mark.parametrize("name", LEAST)
def test_what_has_no_default_is_required(name: str) -> None:
    assert [error.field for error in mistakes(**{name: ""})] == [name]


@pytest.mark.parametrize(
    ("name", "graph_host", "login_host"),
    [
        ("global", "graph.microsoft.com", "login.microsoftonline.com"),
        ("usgov", "graph.microsoft.us", "login.microsoftonline.us"),
        ("usgov-dod", "dod-graph.microsoft.us", "login.microsoftonline.us"),
        ("china", "microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn"),
    ],
)
def test_host_scope_and_login_change_together_with_the_cloud(name: str, graph_host: str, login_host: str) -> None:
    settings = read_settings({**LEAST, "GRAPH_CLOUD": name})
    assert settings.graph_base_url == f"https://{graph_host}"
    assert settings.cloud.scope == f"https://{graph_host}/.default"
    assert settings.cloud.login_host == login_host
    assert settings.cloud == CLOUDS[name]


def test_an_identity_endpoint_that_is_no_address_is_told() -> None:
    assert [error.field for error in mistakes(IDENTITY_ENDPOINT="not a url")] == ["IDENTITY_ENDPOINT"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:7072", "https://localhost", "http://[::1]:1"])
def test_the_base_url_may_point_at_loopback(url: str) -> None:
    assert read_settings({**LEAST, "GRAPH_BASE_URL": url}).graph_base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com",
        "http://127.0.0.1.example:80",
        "http://127.0.0.1:80/v1.0",
        "http://127.0.0.1:80@graph.example",
        "http://user@127.0.0.1:80",
        "ftp://127.0.0.1:80",
        "http://127.0.0.1:http",
        "http://127.0.0.1:65536",
        "http://[::1",
    ],
)
def test_the_base_url_may_point_nowhere_else(url: str) -> None:
    assert [error.field for error in mistakes(GRAPH_BASE_URL=url)] == ["GRAPH_BASE_URL"]


def test_the_own_address_is_plain_http_on_loopback_only() -> None:
    assert read_settings({**LEAST, "WEBSITE_HOSTNAME": "localhost:7071"}).base_url == "http://localhost:7071"


@pytest.mark.parametrize("seconds", ["0", "221", "1.5", "-1", "ten", "٣", "1" * 5000])
def test_the_deadline_is_whole_seconds_that_the_platform_grants(seconds: str) -> None:
    assert [error.field for error in mistakes(REQUEST_DEADLINE_SECONDS=seconds)] == ["REQUEST_DEADLINE_SECONDS"]


@pytest.mark.parametrize(("seconds", "read"), [("1", 1), ("220", 220)])
def test_the_deadline_goes_to_the_limits(seconds: str, read: int) -> None:
    assert read_settings({**LEAST, "REQUEST_DEADLINE_SECONDS": seconds}).deadline_seconds == read


def test_guardrails_may_be_a_file(tmp_path: Path) -> None:
    document = tmp_path / "guardrails.json"
    document.write_text(TO_ALL_DEVICES, "utf-8")
    by_path = read_settings({**LEAST, "GUARDRAILS": str(document)})
    inline = read_settings({**LEAST, "GUARDRAILS": TO_ALL_DEVICES})
    assert by_path == inline
    assert by_path.guardrails != NARROW


def test_a_path_starts_at_the_apps_own_folder() -> None:
    assert [error.field for error in mistakes(GUARDRAILS="host.json")] == [
        "GUARDRAILS.rules",
        "GUARDRAILS.version",
        "GUARDRAILS.telemetryMode",
        "GUARDRAILS.extensionBundle",
        "GUARDRAILS.extensions",
        "GUARDRAILS.logging",
    ]


def test_a_file_of_guardrails_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    document = tmp_path / "guardrails.json"
    document.write_text(TO_ALL_DEVICES, "utf-8-sig")
    assert read_settings({**LEAST, "GUARDRAILS": str(document)}).guardrails != NARROW


def test_guardrails_in_another_encoding_are_not_guessed_at(tmp_path: Path) -> None:
    document = tmp_path / "guardrails.json"
    document.write_text(TO_ALL_DEVICES, "utf-16")
    assert [error.field for error in mistakes(GUARDRAILS=str(document))] == ["GUARDRAILS"]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("no-such-file.json", "GUARDRAILS"),
        ("{", "GUARDRAILS"),
        ("{}", "GUARDRAILS.rules"),
        ('{"rules": {}}', "GUARDRAILS.rules"),
        ('{"rules": [5]}', "GUARDRAILS.rules.0"),
        ('{"rules": [{"callers": [], "targets": ["group"]}]}', "GUARDRAILS.rules.0.callers"),
        ('{"rules": [{"callers": ["*"], "targets": []}]}', "GUARDRAILS.rules.0.targets"),
        ('{"rules": [{"callers": ["*"], "targets": ["group", "everybody"]}]}', "GUARDRAILS.rules.0.targets.1"),
        ('{"rules": [{"callers": ["*"], "targets": ["group"], "groups": []}]}', "GUARDRAILS.rules.0.groups"),
        ('{"rules": [{"callers": ["*"], "targets": ["group"], "group": ["x"]}]}', "GUARDRAILS.rules.0.group"),
        ('{"rules": [{"callers": ["*"], "targets": ["group"], "actions": ["make"]}]}', "GUARDRAILS.rules.0.actions.0"),
        ('{"rules": [{"callers": ["*"], "targets": ["group"], "modes": ["both"]}]}', "GUARDRAILS.rules.0.modes.0"),
        ('{"rules": [{"callers": ["*"], "targets": ["group"], "maxMembers": -1}]}', "GUARDRAILS.rules.0.maxMembers"),
        ('{"rules": [{"callers": ["*"], "targets": ["group"], "maxMembers": "9"}]}', "GUARDRAILS.rules.0.maxMembers"),
        (
            '{"rules": [{"callers": ["*"], "targets": ["group"], "requireTicket": "("}]}',
            "GUARDRAILS.rules.0.requireTicket",
        ),
    ],
)
def test_a_mistake_in_the_guardrails_is_named_by_its_path(document: str, path: str) -> None:
    [mistake] = mistakes(GUARDRAILS=document)
    assert mistake.field == path
    assert mistake.message.startswith(("must ", "is ", "It "))


def test_all_mistakes_are_told_at_once() -> None:
    errors = mistakes(GRAPH_CLOUD="mars", AUTH_MODE="none", WRITES_ENABLED="True")
    assert [error.field for error in errors] == ["GRAPH_CLOUD", "AUTH_MODE", "WRITES_ENABLED"]
