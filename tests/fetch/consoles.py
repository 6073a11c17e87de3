"""A refusal before whose console the tests stand."""

from corscope.fetch.consoles.printed import console_messages
from corscope.fetch.consoles.scene import Scene
from corscope.fetch.engines import Engine
from corscope.fetch.reasons import Failure, Kind, Reason

ENGINES = (Engine.CHROMIUM, Engine.FIREFOX, Engine.WEBKIT)
PAGE = "https://app.test"
URL = "https://api.test/x"
SCENE = Scene(URL, PAGE, 200, None, PAGE, URL)
CHROMIUM_SAYS = f"Access to fetch at '{URL}' from origin '{PAGE}' has been blocked by CORS policy: "
FIREFOX_SAYS = (
    "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at "
)
DID_NOT_SUCCEED = f"{FIREFOX_SAYS}{URL}. (Reason: CORS request did not succeed). " + (
    "Status code: (null)."
)
STATUS = "CORS preflight response did not succeed). Status code: 302."
MISMATCH = (
    f"CORS header \u2018Access-Control-Allow-Origin\u2019 does not match \u2018{PAGE}\u2019)."
)
WEBKIT_FAILED = f"Fetch API cannot load {URL} due to access control checks."
FAILED = "Failed to load resource: net::ERR_FAILED"


def printed(
    engine: Engine,
    reason: Reason,
    detail: str | None = None,
    kind: Kind = "actual",
    scene: Scene = SCENE,
    firefox: str | None = None,
) -> tuple[str, ...]:
    return console_messages(engine, kind, Failure(reason, detail, firefox), scene)
