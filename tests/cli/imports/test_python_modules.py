"""`corscope import` of Python that takes its options from other files of its program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source, UnreadableError

ADDED = "\nORIGINS = {}\ndef cors(app): app.add_middleware(CORSMiddleware, allow_origins=ORIGINS)\n"
LISTED = ["https://a.test", "https://b.test"]
CLASS = f"class Settings:\n    cors: list[str] = {LISTED}\n"
PROGRAMS = {
    "a name": ("from config import cors", "cors", {"config.py": f"cors = {LISTED}"}),
    "by another name": ("from config import c as d", "d", {"config.py": f"c = {LISTED}"}),
    "of a module": ("import config", "config.cors", {"config.py": f"cors = {LISTED}"}),
    "of a module by another name": (
        *("import core.config as c", "c.cors"),
        {"core/config.py": f"cors = {LISTED}"},
    ),
    "of a module in a package": (
        *("from core import config", "config.cors"),
        {"core/config.py": f"cors = {LISTED}", "core/__init__.py": ""},
    ),
    "that a package takes from its module": (
        *("from core import cors", "cors"),
        {"core/__init__.py": "from .config import cors", "core/config.py": f"cors = {LISTED}"},
    ),
    "that is put together": (
        *("from config import FIRST, cors", "[FIRST, *cors]"),
        {
            "config.py": "from more import cors\nFIRST = 'https://a.test'",
            "more.py": "import config\ncors = ['https://b.test']",
        },
    ),
    "a field": (
        *("from config import settings", "settings.cors"),
        {"config.py": f"{CLASS}settings = Settings()"},
    ),
    "a field of what a function makes": (
        *("from config import get_settings\nsettings = get_settings()", "settings.cors"),
        {"config.py": f"{CLASS}def get_settings():\n    return Settings()"},
    ),
    "a field of a class that is made here": (
        *("from config import Settings\nsettings = Settings()", "settings.cors"),
        {"config.py": CLASS},
    ),
    "a property": (
        *("from core.config import settings", "settings.all_cors"),
        {
            "core/config.py": "class Settings:\n    host: str = 'https://b.test'\n"
            "    cors: list[str] = ['https://a.test/']\n    @property\n"
            "    def all_cors(self) -> list[str]:\n"
            "        '''All of them.'''\n"
            "        return [str(o).rstrip('/') for o in self.cors] + [self.host]\n"
            "settings = Settings()"
        },
    ),
}


def written(folder: Path, head: str, origins: str, files: dict[str, str]) -> Source:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    folder.mkdir(parents=True, exist_ok=True)
    text = f"{head}{ADDED.format(origins)}"
    (folder / "main.py").write_text(text)
    return Source(str(folder / "main.py"), text)


def imported(source: Source, name: str = "starlette") -> Found:
    (found,) = IMPORTERS[name](source)
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_name_is_what_python_makes_of_it(tmp_path: Path, name: str) -> None:
    source = written(tmp_path, *PROGRAMS[name])
    done = subprocess.run(
        [sys.executable, "-c", "import json, main; print(json.dumps(main.ORIGINS))"],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )
    assert json.loads(done.stdout) == LISTED
    assert imported(source).policy.allow_origins == tuple(LISTED)
    assert any("is taken from" in note for note in source.notes)


def test_a_file_in_a_folder_above_counts_and_is_named_as_the_first_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path / "app" / "web", "from ..core import cors", "cors", {})
    (tmp_path / "app" / "core.py").write_text(f"cors = {LISTED}")
    assert imported(source).policy.allow_origins == tuple(LISTED)
    monkeypatch.chdir(tmp_path / "app")
    near = Source("web/main.py", source.text.replace("..core", "app.core"))
    assert imported(near).policy.allow_origins == tuple(LISTED)
    assert list(near.notes) == ["web/main.py:1: cors is taken from ../app/core.py"]


def test_what_the_file_itself_says_counts_before(tmp_path: Path) -> None:
    head = f"from config import cors\ncors = {LISTED}"
    source = written(tmp_path, head, "cors", {"config.py": "cors = ['*']"})
    assert imported(source).policy.allow_origins == tuple(LISTED)


@pytest.mark.parametrize(
    ("head", "files"),
    [
        ("from config import cors", {}),
        ("from config import cors", {"config.py": "other = 1"}),
        (f"from {'a' * 3000} import cors", {}),
        ("from config import cors", {"config.py": "from config import cors"}),
        (
            "from config import cors",
            {"config.py": "from a import cors", "a.py": "from config import cors"},
        ),
        ("from config import cors", {"config.py": "cors = load()"}),
        ("from a import cors\nfrom b import cors", {"a.py": "cors = []", "b.py": "cors = []"}),
        (
            "from config import settings\nsettings.cors = f()\ncors = settings.cors",
            {"config.py": CLASS},
        ),
    ],
)
def test_what_cannot_be_told_is_refused_where_it_is_used(
    tmp_path: Path, head: str, files: dict[str, str]
) -> None:
    source = written(tmp_path, head, "cors", files)
    with pytest.raises(UnreadableError, match=r"main\.py:\d: can't tell the value of `ORIGINS`"):
        imported(source)


def test_a_file_that_is_no_python_is_told_by_its_own_name(tmp_path: Path) -> None:
    source = written(tmp_path, "from config import cors", "cors", {"config.py": "cors = [\n"})
    with pytest.raises(UnreadableError, match=r"config\.py:1: is no Python: "):
        imported(source)


def test_standard_input_has_no_files_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path, "from config import cors", "cors", {"config.py": "cors = ['*']"})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableError, match=r"-:3: can't tell the value of `ORIGINS`"):
        imported(Source("-", source.text))


class TestStars:
    """Django's settings are often all of another file's, and some more."""

    def test_settings_of_the_other_file_count_unless_they_are_set_again(
        self, tmp_path: Path
    ) -> None:
        base = "CORS_ALLOW_CREDENTIALS = True\nCORS_ALLOWED_ORIGINS = ['http://localhost:3000']\n"
        (tmp_path / "base.py").write_text(f"from .production import *\n{base}")
        text = f"from .base import *\nCORS_ALLOWED_ORIGINS = {LISTED}\n"
        (tmp_path / "production.py").write_text(text)
        policy = imported(Source(str(tmp_path / "production.py"), text), "django").policy
        assert (policy.allow_origins, policy.allow_credentials) == (tuple(LISTED), True)

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        text = f"from .base import *\nCORS_ALLOWED_ORIGINS = {LISTED}\n"
        source = Source(str(tmp_path / "production.py"), text)
        imported(source, "django")
        assert list(source.notes) == [
            f"{tmp_path}/production.py:1: from .base import * isn't read, "
            "nor what it says of CORS: write it there"
        ]
