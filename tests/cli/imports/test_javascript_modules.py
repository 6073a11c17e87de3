"""`corscope import` of JavaScript that takes its options from other files of its program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Found, Source, UnreadableError
from corscope.servers.policy import Policy
from tests.servers.real.libraries import require_program

LISTED = ["https://a.test", "https://b.test"]
LIST = json.dumps(LISTED)
PROGRAMS = {
    "all of it": (
        "const o = require('./origins')",
        "o",
        {"origins.js": f"module.exports = {LIST}"},
    ),
    "a name of it": (
        *("const { o } = require('./origins')", "o"),
        {"origins.js": f"const o = {LIST}\nmodule.exports = {{ o, p: 1 }}"},
    ),
    "by another name": (
        *("const { p: o } = require('./config/origins.js')", "o"),
        {"config/origins.js": f"exports.p = {LIST}"},
    ),
    "a member of it": (
        *("const o = require('./origins').p", "o"),
        {"origins.js": f"module.exports.p = {LIST}\nmodule.exports.q = []"},
    ),
    "of a table": (
        *("const config = require('./config')", "config.cors.origins"),
        {"config/index.js": f"module.exports = {{ cors: {{ origins: {LIST} }} }}"},
    ),
    "of a file that takes it from another": (
        *("const o = require('./a/b')", "o"),
        {
            "a/b.js": "const c = require('../c')\nmodule.exports = [...c, 'https://b.test']",
            "c.js": "const unused = require('./a/b')\nmodule.exports = ['https://a.test']",
        },
    ),
    "exported by name": (
        *("import { p as o } from './origins.mjs'", "o"),
        {"origins.mjs": f"export const p = {LIST}"},
    ),
    "exported later": (
        *("import { o } from './origins.mjs'", "o"),
        {"origins.mjs": f"const p = {LIST}\nexport {{ p as o }}"},
    ),
    "exported as the default": (
        *("import o from './origins.mjs'", "o"),
        {"origins.mjs": f"const p = {LIST}\nexport const q = []\nexport default p"},
    ),
}


def written(folder: Path, head: str, origins: str, files: dict[str, str]) -> Source:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    cors = (
        "import cors from 'cors'" if head.startswith("import") else "const cors = require('cors')"
    )
    text = f"{head}\nconst origin = {origins}\n{cors}\napp.use(cors({{ origin }}))\n"
    file = folder / ("main.mjs" if head.startswith("import") else "main.js")
    file.write_text(text)
    return Source(str(file), text)


def imported(source: Source) -> Found:
    (found,) = IMPORTERS["express"](source)
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_name_is_what_node_makes_of_it(tmp_path: Path, name: str) -> None:
    source = written(tmp_path, *PROGRAMS[name])
    assert imported(source).policy == Policy(allow_origins=tuple(LISTED))
    assert any("is taken from" in note for note in source.notes)
    require_program("node")
    file = Path(source.name)
    before = source.text.rpartition("origin = ")[0].rpartition("\n")[0]
    file.write_text(f"{before}\nconsole.log(JSON.stringify({PROGRAMS[name][1]}))\n")
    done = subprocess.run(["node", str(file)], capture_output=True, check=True)
    assert json.loads(done.stdout) == LISTED


def test_a_function_that_tests_the_origin_comes_with_its_list(tmp_path: Path) -> None:
    """As one of the most read tutorials has it."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/allowedOrigins.js").write_text(f"module.exports = {LIST}")
    (tmp_path / "config/corsOptions.js").write_text(
        "const allowedOrigins = require('./allowedOrigins');\n"
        "const corsOptions = { origin: (origin, callback) => {\n"
        "  if (allowedOrigins.indexOf(origin) !== -1 || !origin) callback(null, true)\n"
        "  else callback(new Error('Not allowed by CORS'))\n"
        "}, credentials: true }\nmodule.exports = corsOptions;\n"
    )
    text = (
        "const cors = require('cors')\n"
        "const corsOptions = require('./config/corsOptions')\napp.use(cors(corsOptions))\n"
    )
    source = Source(str(tmp_path / "server.js"), text)
    assert imported(source).policy == Policy(
        allow_origins=tuple(LISTED),
        allow_credentials=True,
        settings=(("other_origins", "error"),),
    )


def test_typescript_is_found_by_the_name_that_it_will_have(tmp_path: Path) -> None:
    (tmp_path / "origins.ts").write_text(f"export const origin: string[] = {LIST} as const;\n")
    text = (
        "import cors from 'cors';\nimport { origin } from './origins.js';\n"
        "app.use(cors({ origin }));\n"
    )
    found = imported(Source(str(tmp_path / "main.ts"), text))
    assert found.policy.allow_origins == tuple(LISTED)


@pytest.mark.parametrize(
    ("head", "files"),
    [
        ("const o = require('./origins')", {}),
        (f"const o = require('./{'a' * 1500}')", {}),
        ("const o = require('origins')", {"origins.js": "module.exports = ['*']"}),
        ("const { o } = require('./origins')", {"origins.js": "module.exports = { p: 1 }"}),
        ("const o = require('./origins')", {"origins.js": "module.exports = load()"}),
        (
            "const o = require('./origins')",
            {"origins.js": "module.exports = []\nmodule.exports = 1"},
        ),
        ("const o = require('./origins')", {"origins.js": "module.exports = require('./main')"}),
        ("import * as o from './origins.mjs'", {"origins.mjs": "export const p = 1"}),
        ("import { o } from './origins.mjs'", {"origins.mjs": "export { o } from './p.mjs'"}),
        ("let o = require('./origins')\no = []", {"origins.js": "module.exports = ['*']"}),
    ],
)
def test_what_cannot_be_told_is_refused_where_it_is_used(
    tmp_path: Path, head: str, files: dict[str, str]
) -> None:
    source = written(tmp_path, head, "o", files)
    with pytest.raises(UnreadableError, match=r"main\.m?js:\d: can't tell the value of `\w+`"):
        imported(source)


def test_standard_input_has_no_files_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path, *PROGRAMS["all of it"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableError, match=r"-:4: can't tell the value"):
        imported(Source("-", source.text))
