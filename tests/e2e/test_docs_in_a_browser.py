"""`/api/docs` in a real browser: loaded, and used as a developer would. `artefacts/` keeps what it looked like."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from sandbox.functions_host import FUNCTION_KEY
from sandbox.programs import ROOT
from sandbox.tenant import PILOT
from tests.e2e.stack import Gateway, Stack

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARTEFACTS = ROOT / "artefacts"
LEFT_BEHIND = "() => [document.cookie, ...Object.values(localStorage), ...Object.values(sessionStorage)].join('')"

pytestmark = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER)
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def test_a_developer_reads_the_page_enters_the_key_and_creates_an_assignment(
    page: Page, gateway: Gateway, stack: Stack
) -> None:
    address = str(gateway.client.base_url)
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{address}docs")
    expect(page).to_have_title("Intune assignment gateway: API reference")
    create = page.locator(".opblock").first
    expect(create.locator(".opblock-summary-path")).to_have_text("/assignments")
    page.screenshot(path=ARTEFACTS / "api-docs.png", full_page=True)

    page.get_by_role("button", name="Authorize").click()
    page.locator(".auth-container input").fill(FUNCTION_KEY)
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Apply").click()
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Close").click()

    create.locator(".opblock-summary-control").click()
    for box in create.locator(".parameters input").all():  # an example that is sent would be taken for meant
        expect(box).to_have_value("")
    page.screenshot(path=ARTEFACTS / "api-docs-create.png")
    create.get_by_role("button", name="Execute").click()
    answer = create.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_contain_text("201")
    expect(answer).to_contain_text("assignment-outcome: created")
    answer.scroll_into_view_if_needed()
    page.screenshot(path=ARTEFACTS / "api-docs-created.png")

    assert [each["target"]["groupId"] for each in stack.graph.assignments()] == [PILOT]
    assert complaints == []
    assert {url for url in asked if not url.startswith((address, "data:"))} == set()
    assert {f"{address}docs/{name}" for name in ("docs.css", "docs.js", "icon.svg")} <= set(asked)
    assert page.evaluate(LEFT_BEHIND) == ""
