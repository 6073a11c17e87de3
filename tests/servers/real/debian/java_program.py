"""Runs a Java program with a folder of the configurations that it serves.

python -m tests.servers.real.debian.java_program Tomcat    <  {"configs": ["<filter>…", …]}
{"real": [{"port": 1}, {"error": "…"}], "bare": [2, 3]}
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

JARS = Path("/usr/share/java")
CLASS_PATHS = {"Tomcat": "tomcat9-*.jar"}


def main() -> None:
    """Write the configurations down, and run the program."""
    name = sys.argv[1]
    configs: list[str] = json.loads(sys.stdin.readline())["configs"]
    jars = ":".join(map(str, sorted(JARS.glob(CLASS_PATHS[name]))))
    program = Path(__file__).with_name(f"{name}.java")
    with tempfile.TemporaryDirectory() as folder:
        for number, config in enumerate(configs):
            Path(folder, f"{number}.xml").write_text(config, encoding="utf-8")
        subprocess.run(("java", "-cp", jars, str(program), folder), check=True)


if __name__ == "__main__":
    main()
