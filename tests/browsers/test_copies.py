"""Which copy does a browser ask about, and what becomes of it?

The browsers' caches are divided by sites, and in Firefox by the credentials mode: pages of one
site share a copy, and an image may take the place of what was fetched. The page does all by itself,
since WebKit keeps copies and prints its console only of such a page.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from corscope.fetch.engines import Engine
from corscope.journal.caches.revalidation import ASKED_ABOUT
from corscope.mitm.start.chromium import spki_hash
from tests.browsers.agreement import ENGINES, OPTIONS
from tests.browsers.case import SECURE_PAGE, allow, answer, credentials
from tests.browsers.conftest import need
from tests.browsers.consoles import printed_of
from tests.browsers.embedded import GIF
from tests.support.chromium import Chromium, missing_parts
from tests.support.mitmdump import Entry, Mitmdump
from tests.support.origin_server import EMPTY_PAGE, Answer, OriginServer, Received, Scripted

pytestmark = pytest.mark.browser

API = "https://api.test"
OWN_API = "https://api.page.test"
NEIGHBOUR = "https://other.page.test"
STRANGER = "https://stranger.test"
FRAMED = (NEIGHBOUR, STRANGER)

ALL = credentials()
OWN, OTHERS, FOREIGN = allow(SECURE_PAGE), allow(NEIGHBOUR), allow("https://b.test")
KEPT = (("ETag", '"a"'), ("Cache-Control", "no-cache"))
VARIES = ("Vary", "Origin")


def whole(*lines: tuple[str, str], tag: str = '"a"', status: int = 200) -> Answer:
    """An answer that is an image too, and that the browser asks about before it takes it again."""
    kept = (("ETag", tag), KEPT[1], ("Content-Type", "image/gif"))
    return Answer(status, (*kept, ALL, *lines), GIF)


OTHERS_STATUSES = (
    *(201, 202, 203, 204, 205, 206, 226, 299, 300),
    *(400, 401, 403, 404, 405, 410, 414, 418, 451, 500, 501, 503),
)


def renewal(*lines: tuple[str, str]) -> Answer:
    """A 304; it may have no CORS headers."""
    return answer(*KEPT, *lines, status=304)


@dataclass(frozen=True, slots=True)
class Course:
    """Who asks for a URL in turn, and what is answered: the last answer over and over.

    A step is `page`, a framed page's origin, or `image`; after `page` there may be a credentials
    mode, and then a method. A preflight takes an answer of its own.
    """

    steps: Sequence[str]
    answers: Sequence[Answer]


COURSES: Mapping[str, Course] = {
    "its-own": Course(["page", "page"], [whole(OWN), renewal()]),
    "a-neighbours": Course(["page", NEIGHBOUR], [whole(OWN), renewal()]),
    "a-neighbours-for-all": Course(
        ["page", NEIGHBOUR], [whole(allow("*"), VARIES), renewal(allow("*"))]
    ),
    "a-neighbours-that-varies": Course(["page", NEIGHBOUR], [whole(OWN, VARIES), renewal()]),
    "a-neighbours-renewed": Course(
        ["page", NEIGHBOUR, "page"], [whole(OWN), renewal(OTHERS), renewal()]
    ),
    "a-strangers": Course(["page", STRANGER], [whole(OWN), whole(allow(STRANGER))]),
    "what-was-spoilt": Course(["page", "page", "page"], [whole(OWN), renewal(FOREIGN), renewal()]),
    "what-was-mended": Course(
        ["page", "page", "page"], [whole(OWN), renewal(FOREIGN), renewal(OWN)]
    ),
    "an-images": Course(["image", "page"], [whole(), renewal()]),
    "a-neighbours-images": Course(["image", NEIGHBOUR], [whole(), renewal()]),
    "an-images-mended": Course(["image", "page", "page"], [whole(), renewal(OWN), renewal()]),
    "an-image-since": Course(["page", "image", "page"], [whole(OWN), whole(tag='"b"'), renewal()]),
    "with-credentials-since": Course(
        ["page", "page include", "page"], [whole(OWN), whole(FOREIGN), renewal()]
    ),
    **{
        f"{where}-image-between": Course([page, "image", page], [whole(OWN), whole(), renewal()])
        for where, page in (("near", "page"), ("far", "page"), ("far-included", "page include"))
    },
    **{
        f"a-neighbours-{status}": Course(
            ["page", NEIGHBOUR], [whole(OWN, status=status), renewal()]
        )
        for status in OTHERS_STATUSES
    },
    **{
        f"what-was-refused-{status}": Course(["page"] * 2, [whole(status=status), renewal()])
        for status in OTHERS_STATUSES
    },
    **{
        f"an-images-{status}": Course(["image", "page"], [whole(status=status), renewal()])
        for status in OTHERS_STATUSES
    },
}

AT_ONCE = 6
"""So many courses are gone at once: a step waits for the browser's cache to have what came, the
longer the busier the machine is."""

PLAY = """
const told_by = frame => new Promise(resolve => {
  const hear = ({source, data}) => {
    if (source !== frame.contentWindow) return;
    removeEventListener("message", hear);
    resolve(data);
  };
  addEventListener("message", hear);
});
const framed = async (origin, url) => {
  const frame = document.createElement("iframe");
  frame.src = `${origin}/frame`;
  document.body.append(frame);
  await told_by(frame);
  const told = told_by(frame);
  frame.contentWindow.postMessage(url, "*");
  const ended = await told;
  frame.remove();
  return ended;
};
const shown = url => new Promise(resolve => {
  const image = document.createElement("img");
  image.onload = () => resolve("well");
  image.onerror = () => resolve("badly");
  image.src = url;
  document.body.append(image);
});
const fetched = (url, credentials = "same-origin", method = "GET") =>
  fetch(url, {credentials, method}).then(() => "well", () => "badly");
const go = async (url, steps) => {
  const ended = [];
  for (const step of steps) {
    const [who, mode, method] = step.split(" ");
    const ask = {image: shown, page: fetched}[who] ?? (url => framed(who, url));
    const started = performance.now();
    ended.push(await ask(url, mode, method));
    await new Promise(resolve => setTimeout(resolve, 150 + performance.now() - started));
  }
  return ended;
};
(async () => {
  const all = {}, left = Object.entries(ALL);
  const some = async () => {
    for (let next; next = left.shift();) all[next[0]] = await go(...next);
  };
  await Promise.all(Array.from({length: AT_ONCE}, some));
  await fetch("/ended", {headers: {"X-Ended": encodeURIComponent(JSON.stringify(all))}});
})();
"""

FRAME = """<script>
onmessage = async ({data, source}) =>
  source.postMessage(await fetch(data).then(() => "well", () => "badly"), "*");
parent.postMessage("there", "*");
</script>"""


class Turns(OriginServer):
    """Answers each URL of a course's with its answers in turn; a 304 only whoever asks for it."""

    def __init__(self, courses: Mapping[str, Course]) -> None:
        super().__init__()
        self.turns = {url_of(name): list(course.answers) for name, course in courses.items()}

    def take(self, request: Received) -> Scripted:
        turns = self.turns.get(request.url)
        if turns is None:
            return super().take(request)
        self.received.append(request)
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        if found.status != 304 or request.values("If-None-Match"):
            return found
        own = [allow(origin) for origin in request.values("Origin")]
        return whole(*own)


def url_of(name: str) -> str:
    """At the page's site, where its name says so."""
    return f"{OWN_API if name.startswith('near-') else API}/{name}"


_OF_STATUS = "Failed to load resource: the server responded with a status of "
"""So begins what Chromium prints of any error's status, which is none of CORS."""

Played = tuple[Mapping[str, list[str]], list[str], list[Entry]]


def played(
    engine: str,
    request: pytest.FixtureRequest,
    folder: Path,
    courses: Mapping[str, Course] = COURSES,
) -> Played:
    """How each step of each URL ended, what was printed, and what is in the journal."""
    asks = json.dumps({url_of(name): list(course.steps) for name, course in courses.items()})
    script = f"const ALL = {asks}, AT_ONCE = {AT_ONCE};{PLAY}"
    page = EMPTY_PAGE.body + f"<body><script>{script}</script>".encode()
    with Turns(courses) as server, Mitmdump(folder, server.upstream_mode, OPTIONS) as proxy:
        server.routes["GET", f"{SECURE_PAGE}/ended"] = Answer()
        server.routes["GET", f"{SECURE_PAGE}/"] = Answer(headers=EMPTY_PAGE.headers, body=page)
        for origin in FRAMED:
            framed = EMPTY_PAGE.body + FRAME.encode()
            server.routes["GET", f"{origin}/frame"] = Answer(200, EMPTY_PAGE.headers, framed)

        def told() -> list[str]:
            return [value for each in server.received for value in each.values("X-Ended")]

        url = f"{SECURE_PAGE}/"
        if engine == "chromium":  # which keeps nothing of a host whose certificate it doesn't trust
            need(missing_parts())
            authority = folder / "confdir" / "mitmproxy-ca-cert.pem"
            flag = f"--ignore-certificate-errors-spki-list={spki_hash(authority)}"
            with Chromium(flag) as browser:
                printed = printed_of(browser, url, proxy.port, told)
        else:
            printed = printed_of(request.getfixturevalue(engine), url, proxy.port, told)
        ended = json.loads(unquote(told()[0]))
    found = [entry for entry in proxy.journal() if entry["type"] == "exchange"]
    return ended, [text for text, _ in printed if not text.startswith(_OF_STATUS)], found


@pytest.fixture(scope="module")
def played_by(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Played]:
    """What came of the courses in an engine, which goes them once."""
    return cache(lambda engine: played(engine, request, tmp_path_factory.mktemp(engine)))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_copy_that_a_browser_goes_by(engine: str, played_by: Callable[[str], Played]) -> None:
    ended, printed, entries = played_by(engine)
    of: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        of[entry["url"]].append(entry)
    for name, course in COURSES.items():
        asked = [step for step in course.steps if step != "image"]
        modes = ["include" if "include" in step else "omit" for step in asked]
        verdicts = [
            entry["verdicts"][mode] for mode, entry in zip(modes, of[url_of(name)], strict=True)
        ]
        told = ["well" if each["verdict"] == "allowed" else "badly" for each in verdicts]
        came = zip(course.steps, ended[url_of(name)], strict=True)
        assert (name, told) == (name, [end for step, end in came if step != "image"])
    refused = [entry["console"] for entry in entries if entry["verdict"] == "blocked"]
    assert sorted("\n".join(refused).splitlines()) == sorted(printed)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_courses_show_what_they_are_for(
    engine: str, played_by: Callable[[str], Played]
) -> None:
    """A neighbour's copy is what fails it, and an image takes the place but in Firefox."""
    ended, _, entries = played_by(engine)
    assert ended[url_of("a-neighbours")] == ["well", "badly"]
    assert ended[url_of("a-strangers")] == ["well", "well"]
    assert ended[url_of("what-was-spoilt")] == ["well", "badly", "badly"]
    asked_about = {
        status
        for status in OTHERS_STATUSES
        if ended[url_of(f"a-neighbours-{status}")] == ["well", "badly"]
    }
    assert asked_about == ASKED_ABOUT[Engine(engine)] & {*OTHERS_STATUSES}
    since = "well" if engine == "firefox" else "badly"
    assert ended[url_of("an-image-since")][-1] == since
    for where in ("near", "far", "far-included"):
        assert ended[url_of(f"{where}-image-between")][-1] == since
    [_, entry] = [each for each in entries if each["url"] == url_of("a-neighbours")]
    assert entry["goes_by"] is not None
    assert (entry["reason"], entry["detail"]) == ("allow-origin-mismatch", SECURE_PAGE)
