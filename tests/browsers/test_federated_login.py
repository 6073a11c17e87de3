"""A login by FedCM gets its token with CORS and credentials, and the journal knows both.

Chromium alone has it. The account is chosen by DevTools, as a user would in the browser's dialog.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from corscope.explain.pasted.paste import found_in
from corscope.mitm.start.chromium import spki_hash
from tests.browsers.agreement import OPTIONS
from tests.browsers.case import ANY, BARE, SECURE_PAGE, allow, answer, credentials
from tests.browsers.conftest import need
from tests.browsers.consoles import when_silent
from tests.support.chromium import Chromium, Page, missing_parts
from tests.support.mitmdump import Mitmdump, wait_until
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer, Scripted

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

pytestmark = pytest.mark.browser

PROVIDER = "https://login.test"
TOKEN = f"{PROVIDER}/token"
SAYS_LOGGED_IN = ("Set-Login", "logged-in")
ACCOUNT = {"id": "1", "name": "Ann", "email": "ann@login.test", "approved_clients": ["1"]}

LOGIN = """async () => {
    const provider = {configURL: "https://login.test/config", clientId: "1"};
    const login = navigator.credentials.get({identity: {providers: [provider]}});
    return await login.then((credential) => credential.token, () => null);
}"""

OWN = allow(SECURE_PAGE)
SECONDS = 60.0


def typed(values: object) -> Answer:
    return Answer(headers=(("Content-Type", "application/json"),), body=json.dumps(values).encode())


def routes(token: Answer) -> dict[tuple[str, str], Scripted]:
    config = {"accounts_endpoint": "/accounts", "id_assertion_endpoint": "/token", "login_url": "/"}
    body = b'{"token": "given"}'
    return {
        ("GET", f"{SECURE_PAGE}/"): EMPTY_PAGE,
        ("GET", f"{PROVIDER}/"): Answer(
            headers=(*EMPTY_PAGE.headers, SAYS_LOGGED_IN), body=EMPTY_PAGE.body
        ),
        ("GET", f"{PROVIDER}/.well-known/web-identity"): typed(
            {"provider_urls": [f"{PROVIDER}/config"]}
        ),
        ("GET", f"{PROVIDER}/config"): typed(config),
        ("GET", f"{PROVIDER}/accounts"): typed({"accounts": [ACCOUNT]}),
        ("POST", TOKEN): Answer(
            headers=(*token.headers, ("Content-Type", "application/json")), body=body
        ),
    }


async def choose(devtools: CDPSession, dialog: dict[str, Any]) -> None:
    of = {"dialogId": dialog["dialogId"]}
    if dialog["dialogType"] == "Error":
        await devtools.send("FedCm.dismissDialog", of)
    else:
        await devtools.send("FedCm.selectAccount", {**of, "accountIndex": 0})


async def prepare(page: Page) -> None:
    """Go on to the page, and let the first account be taken there."""
    await page._page.goto(f"{SECURE_PAGE}/")
    devtools = await page._context.new_cdp_session(page._page)
    devtools.on("FedCm.dialogShown", lambda dialog: asyncio.ensure_future(choose(devtools, dialog)))
    await devtools.send("FedCm.enable", {"disableRejectionDelay": True})


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        pytest.param(answer(OWN, credentials()), "allowed", id="own"),
        pytest.param(BARE, "blocked", id="bare"),
        pytest.param(answer(ANY), "blocked", id="any"),
        pytest.param(answer(OWN), "blocked", id="without credentials"),
    ],
)
def test_the_token_is_asked_for_with_credentials(
    given: Answer, verdict: str, tmp_path: Path
) -> None:
    need(missing_parts())
    with (
        OriginServer(routes(given)) as server,
        Mitmdump(tmp_path, server.upstream_mode, OPTIONS) as proxy,
    ):
        # The browser itself asks for these, and trusts no page's certificate.
        authority = spki_hash(tmp_path / "confdir" / "mitmproxy-ca-cert.pem")
        with Chromium(f"--ignore-certificate-errors-spki-list={authority}") as browser:
            page = browser.open(f"{PROVIDER}/", proxy.port)
            browser.call(prepare(page))
            token = page.run(LOGIN, None)
            line = proxy.wait_for(lambda entry: entry.get("url") == TOKEN)
            told = (line["console"] or "").splitlines()
            # They are printed once script has its answer.
            wait_until(lambda: len(page.console) >= len(told), SECONDS, f"{told} to be printed")
            printed = [text for text, _ in when_silent(lambda: tuple(page.console))]
    assert token == ("given" if verdict == "allowed" else None)
    assert (line["verdict"], line["credentials"]) == (verdict, "include")
    assert printed == told
    found = [found_in(text) for text in printed]
    asides = [each.aside for each in found if each is not None and each.aside is not None]
    assert len(asides) == len(printed)
