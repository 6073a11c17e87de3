"""Builds a program with configurations of ASP.NET Core, and becomes that program.

The runtime and ASP.NET Core itself are those that Microsoft's `@azure/mcp-linux-x64` brings along,
the only package of the registries in which they can be had; the compiler is Mono's.

    python -m tests.servers.real.aspnet.program    <  {"configs": ["builder.Services…", …]}
    {"real": [{"port": 1}, {"error": "…"}], "bare": [2, 3]}
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
RUNTIME = HERE.parent / "node" / "node_modules" / "@azure" / "mcp-linux-x64" / "dist"
NAME = "azmcp"  # what the host looks for beside it
OWN = {
    name: RUNTIME / name
    for name in (
        *(NAME, f"{NAME}.deps.json", f"{NAME}.runtimeconfig.json"),
        *("libhostfxr.so", "libhostpolicy.so"),
    )
}
"""What looks for other files beside its own, links followed."""

OPTIONS = ("-nostdlib", "-noconfig", "-target:exe", "-nowarn:1702")
REFERENCES = ("System.*.dll", "Microsoft.AspNetCore*.dll", "Microsoft.Extensions.*.dll")
IMPLICIT = (
    *("System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading"),
    *("System.Threading.Tasks", "Microsoft.AspNetCore.Builder", "Microsoft.AspNetCore.Hosting"),
    *("Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Routing"),
    *("Microsoft.Extensions.Configuration", "Microsoft.Extensions.DependencyInjection"),
    *("Microsoft.Extensions.Hosting", "Microsoft.Extensions.Logging"),
)
"""What every program of its SDK has at hand."""


def main() -> None:
    """Read the configurations, build, and run."""
    configs: list[str] = json.loads(sys.stdin.readline())["configs"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "configs.cs").write_text(_source(configs), encoding="utf-8")
        _build(folder)
        subprocess.run((folder / NAME,), check=True)


def _build(folder: Path) -> None:
    """Compile into a folder, and put the runtime beside it."""
    program = folder / f"{NAME}.dll"
    arguments = folder / "arguments"
    references = [path for each in REFERENCES for path in sorted(RUNTIME.glob(each))]
    arguments.write_text("".join(f'"-r:{path}"\n' for path in references), encoding="utf-8")
    sources = (HERE / "Serve.cs", folder / "configs.cs")
    command = ("mcs", *OPTIONS, f"-out:{program}", f"@{arguments}", *sources)
    subprocess.run(command, stdout=sys.stderr, check=True)
    for file in RUNTIME.iterdir():
        if file.name in OWN:
            shutil.copy(file, folder)
        elif file.name != program.name:
            (folder / file.name).symlink_to(file)


def _source(configs: Sequence[str]) -> str:
    """The configurations as functions: what they use, each once, stands on top."""
    lines = [line for config in configs for line in config.splitlines()]
    used = dict.fromkeys(
        (
            *(f"using {name};" for name in IMPLICIT),
            *(line for line in lines if line.startswith("using ")),
        )
    )
    functions = ",\n".join(map(_function, configs))
    body = f"static class Configs\n{{\npublic static Configure[] All = {{\n{functions}\n}};\n}}\n"
    return "\n".join((*used, body))


def _function(config: str) -> str:
    """The configuration around `builder.Build()`, which a program has between its two parts."""
    lines = [line for line in config.splitlines() if not line.startswith("using ")]
    services, found, rest = "\n".join(lines).partition("\napp.")
    assert found, config
    return f"builder => {{\n{services}\nvar app = builder.Build();\napp.{rest}\nreturn app;\n}}"


if __name__ == "__main__":
    main()
