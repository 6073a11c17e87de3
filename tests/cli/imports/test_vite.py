"""What a vite.config.js has of CORS, held against the real Vite."""

import pytest

from corscope.cli.imports.formats import FORMATS
from corscope.cli.imports.tree import Found, Source, UnreadableError
from corscope.servers.policy import Policy
from tests.cli.imports.beside_real import differences
from tests.servers.real.libraries import VITE

APP = "https://app.test"
ORIGINS = (
    *(APP, "https://a.b.test", "http://localhost:3000", "https://my.app.localhost"),
    *("http://127.0.0.1:8080", "http://[::1]", "http://localhost.evil.test", "null"),
)
DEFAULT = r"^https?:\/\/(?:(?:[^:]+\.)?localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$"
CONFIGS = {
    "export default {}": Policy(allow_origin_regex=DEFAULT),
    "export default { server: { cors: true } }": Policy(allow_origins="*"),
    f"""import {{ defineConfig }} from "vite";
export default defineConfig(({{ mode }}) => ({{
  server: {{ cors: {{ origin: ["{APP}", /\\.b\\.test$/], credentials: true }} }},
}}));
""": Policy(allow_origins=(APP,), allow_origin_regex=r"\.b\.test$", allow_credentials=True),
    """const cors = { methods: ["GET"], maxAge: 60, preflightContinue: true };
export default { server: { port: 0, cors } };
""": Policy(allow_origin_regex=DEFAULT, allow_methods=("GET",), max_age=60, forward_preflight=True),
    f"export default {{ server: {{ cors: {{ origin: '{APP}' }} }}, preview: {{ cors: false }} }}": (
        Policy(allow_origins=APP)
    ),
}


def read(text: str) -> list[Found]:
    return list(FORMATS["vite"](Source("vite.config.js", text)))


@pytest.mark.parametrize(("text", "policy"), CONFIGS.items(), ids=range(len(CONFIGS)))
def test_what_the_server_has(text: str, policy: Policy) -> None:
    (found,) = read(text)
    assert (found.policy, found.like, found.warnings) == (policy, "express", ())


@pytest.mark.server
def test_vite_answers_as_what_is_read_of_its_config() -> None:
    assert differences("express", list(CONFIGS), ORIGINS, VITE, FORMATS["vite"]) == []


def test_a_preview_that_has_its_own_is_a_server_of_its_own() -> None:
    text = (
        "export default { server: { cors: true }, preview: { cors: { origin: 'https://p.test' } } }"
    )
    server, preview = read(text)
    assert (server.site, preview.site) == ("server", "preview")
    assert preview.policy == Policy(allow_origins="https://p.test")


@pytest.mark.parametrize(
    ("cors", "told"),
    [
        ("false", "vite.config.js:2: is false: there is no CORS, so there is nothing to import"),
        ("isOpen", "vite.config.js:2: can't tell the value of `isOpen`"),
        ("'yes'", "vite.config.js:2: must be a table"),
        ("{ origin: process.env.ORIGIN }", "vite.config.js:2: can't tell the value of"),
    ],
)
def test_what_can_not_be_read_is_told(cors: str, told: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        read(f"export default {{ server: {{\ncors: {cors} }} }}")
    assert str(raised.value).startswith(told)
