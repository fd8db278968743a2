"""`/api/docs` as files: what is served, with which headers, and what is not."""

import re
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection

import pytest

from sandbox.programs import ROOT
from shared.docs_page import ASSETS
from tests.e2e.stack import Gateway

ANONYMOUS = {"x-functions-key": ""}


def test_the_page_loads_only_what_is_served_beside_it(gateway: Gateway) -> None:
    page = gateway.client.get("docs", headers=ANONYMOUS)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    loaded = {path for path in re.findall(r'(?:src|href)="([^"]+)"', page.text) if path != "/api/docs"}
    assert loaded <= {f"/api/docs/{name}" for name in ASSETS} | {"/api/openapi.json", "/api/swagger.json"}
    assert {f"/api/docs/{name}" for name in ASSETS if name.endswith((".js", ".css", ".svg"))} <= loaded


@pytest.mark.parametrize("path", ["docs", *(f"docs/{name}" for name in ASSETS)])
def test_every_file_keeps_to_itself(gateway: Gateway, path: str) -> None:
    answer = gateway.client.get(path, headers=ANONYMOUS)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == ASSETS.get(path.removeprefix("docs/"), "text/html")
    policy = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_page_has_no_script_and_no_style_of_its_own(gateway: Gateway) -> None:
    page = gateway.client.get("docs").text
    assert re.findall(r"<style|<script(?![^>]* src=)|\son\w+=|\sstyle=|javascript:", page) == []


def test_what_a_browser_has_already_is_not_sent_again(gateway: Gateway) -> None:
    first = gateway.client.get("docs/swagger-ui.css")
    again = gateway.client.get("docs/swagger-ui.css", headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == "no-cache"
    assert gateway.client.get("docs/swagger-ui.css", headers={"If-None-Match": '"other"'}).content == first.content
    assert gateway.client.get("docs/docs.css").headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "docs.css.map",
        "DOCS.CSS",
        "..",
        "%2e%2e",
        "..%2fdocs_page.py",
        "..%5cdocs_page.py",
        "%2e%2e%2f%2e%2e%2fhost.json",
        "%252e%252e%252fdocs_page.py",
        "%2fetc%2fpasswd",
        "docs.css%00",
        "docs.css%2f",
        "swagger-ui.css%3f",
        "../docs/docs.css",
        "./docs.css",
    ],
)
def test_a_name_that_is_not_listed_leads_nowhere(gateway: Gateway, name: str) -> None:
    address = gateway.client.base_url
    with closing(HTTPConnection(address.host, address.port)) as connection:  # httpx would tidy the path
        connection.request("GET", f"/api/docs/{name}")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (404, b"")


def test_a_cold_start_loads_nothing_of_it() -> None:
    script = "import function_app, sys; print('shared.gateway' in sys.modules, 'shared.docs_page' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
