"""Builds a program of a Go library and the configurations for it, and becomes that program.

python -m tests.servers.real.debian.go_program rs-cors    <  {"configs": ["import …", …]}
{"real": [{"port": 1}, {"error": "…"}], "bare": [2, 3]}
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).with_name("go")


@dataclass(frozen=True)
class Library:
    """The file with its application, and the variable that configurations are about."""

    file: str
    variable: str


LIBRARIES = {
    "rs-cors": Library("handler.go", "handler"),
    "gorilla": Library("handler.go", "handler"),
    "chi": Library("chi.go", "r"),
    "gin": Library("gin.go", "router"),
    "echo": Library("echo.go", "e"),
}


def main() -> None:
    """Read the configurations, build, and run."""
    library = LIBRARIES[sys.argv[1]]
    configs: list[str] = json.loads(sys.stdin.readline())["configs"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "src", "proof")
        folder.mkdir(parents=True)
        for name in ("serve.go", library.file):
            shutil.copy(SOURCES / name, folder)
        (folder / "configs.go").write_text(_source(configs, library.variable), encoding="utf-8")
        # Debian's packages are a GOPATH; where there is a go.mod, the v4 in Echo's path is ignored.
        (folder / "go.mod").write_text("module proof\n", encoding="utf-8")
        paths = {"GO111MODULE": "off", "GOPATH": f"{scratch}:/usr/share/gocode"}
        environment = {**os.environ, **paths}
        subprocess.run(("go", "build", "-o", "serve"), cwd=folder, env=environment, check=True)
        subprocess.run((folder / "serve",), check=True)


def _source(configs: Sequence[str], variable: str) -> str:
    """The configurations as functions: their imports, each once, stand on top."""
    lines = [line for config in configs for line in config.splitlines()]
    imports = dict.fromkeys(line for line in lines if line.startswith("import "))
    functions = [
        f"func({variable} App) App {{\n{_without_imports(config)}\nreturn {variable}\n}},\n"
        for config in configs
    ]
    head = "package main\n" + "\n".join(imports)
    return f"{head}\nvar configs = []func(App) App{{\n{''.join(functions)}}}\n"


def _without_imports(config: str) -> str:
    return "\n".join(line for line in config.splitlines() if not line.startswith("import "))


if __name__ == "__main__":
    main()
