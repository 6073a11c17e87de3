"""The report and a reproduction's page, as the docs show them.

Run as a program, it takes the pictures:

    make picture
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corscope.explain.repro.program import repro
from corscope.web.report import report_html
from tests.browsers.web_page import WebPage
from tests.support.chromium import Chromium
from tests.support.mitmdump import wait_until
from tests.web.scenes import PAGE, Recording, answers, preflight, told

__all__ = ["START_SECONDS", "running", "take_pictures"]

START_SECONDS = 60.0


@contextmanager
def running(program: Path) -> Iterator[str]:
    """The address of the page that a reproduction serves, as long as it runs."""
    with subprocess.Popen(
        [sys.executable, "-I", str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()


def take_pictures(chromium: Chromium, folder: Path) -> None:
    """Write both pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        _report(chromium, Path(name, "report.html"), folder / "report.png")
        _repro(chromium, Path(name, "repro.py"), folder / "repro.png")


def _report(chromium: Chromium, report: Path, picture: Path) -> None:
    report.write_text(report_html(tuple(told().store), "1.0"), encoding="utf-8")
    with WebPage(chromium, report.as_uri(), (1280, 720)) as page:
        page.click(".row.blocked")
        page.see(".exchange h2")
        page.screenshot(picture)


def _repro(chromium: Chromium, program: Path, picture: Path) -> None:
    recording = Recording()
    refused = answers(204, allow_origin=PAGE, allow_methods="GET, POST", vary="Origin")
    recording.exchange(preflight("PUT"), refused)
    [entry] = recording.store
    program.write_text(repro(entry.exchange), encoding="ascii")
    with running(program) as url:
        page = chromium.open(url, None)
        script = "async () => document.getElementById('result').dataset.passed"
        wait_until(lambda: page.run(script, None), START_SECONDS, "the page's result")
        chromium.call(page._page.set_viewport_size({"width": 1000, "height": 400}))
        chromium.call(page._page.screenshot(path=picture, full_page=True))
        page.close()


def main() -> None:
    with Chromium() as chromium:
        take_pictures(chromium, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
