"""`corscope import` of Python whose options are fields of a class, as pydantic's settings are."""

from __future__ import annotations

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Source, UnreadableError
from corscope.servers.policy import Policy
from tests.cli.imports.reading import read

LISTED = ("https://a.test", "https://b.test")
HEAD = """\
from functools import lru_cache
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from pydantic import AnyHttpUrl, Field, field_validator
from pydantic_settings import BaseSettings
"""
APP = """
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=ORIGINS, allow_credentials=True)
"""
AS_A_LIST = '["https://a.test", "https://b.test"]'
CLASSES = {
    "a field of settings": (
        f"class Settings(BaseSettings):\n    cors: list[str] = {AS_A_LIST}\nsettings = Settings()",
        "settings.cors",
    ),
    "with Field": (
        "class Settings(BaseSettings):\n"
        f"    name: str\n    cors: list[str] = Field(default={AS_A_LIST}, alias='C')\n"
        "settings = Settings()",
        "settings.cors",
    ),
    "with a factory": (
        "class Settings(BaseSettings):\n"
        f"    cors: list[str] = Field(default_factory=lambda: {AS_A_LIST})\n",
        "Settings().cors",
    ),
    "as a text": (
        "class Settings(BaseSettings):\n    cors: str = 'https://a.test, https://b.test'\n"
        "@lru_cache\ndef get_settings() -> Settings:\n    return Settings()\n"
        "settings = get_settings()",
        "[each.strip() for each in settings.cors.split(',')]",
    ),
    "inherited": (
        f"class Base(BaseSettings):\n    cors: list[str] = {AS_A_LIST}\n"
        "class Production(Base):\n    debug: bool = False\nsettings = Production()",
        "settings.cors",
    ),
    "overridden": (
        "class Base(BaseSettings):\n    cors: list[str] = ['*']\n"
        f"class Production(Base):\n    cors: list[str] = {AS_A_LIST}\nsettings = Production()",
        "settings.cors",
    ),
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_field_of_settings_has_its_default_which_is_told(name: str) -> None:
    made, origins = CLASSES[name]
    source = Source("a.py", f"{HEAD}{made}{APP.replace('ORIGINS', origins)}")
    (found,) = IMPORTERS["starlette"](source)
    assert found.policy == Policy(allow_origins=LISTED, allow_credentials=True)
    (told,) = source.notes
    assert told.endswith("taken as if CORS weren't set: what stands here then counts")


@pytest.mark.parametrize(
    ("made", "origins"),
    [
        (f"class Config:\n    CORS = {AS_A_LIST}", "Config.CORS"),
        (
            "from dataclasses import dataclass\n@dataclass\nclass Config:\n    cors: list[str]\n"
            f"config = Config(cors={AS_A_LIST})",
            "config.cors",
        ),
    ],
)
def test_a_field_of_any_other_class_is_what_it_is(made: str, origins: str) -> None:
    source = Source("a.py", f"{HEAD}{made}{APP.replace('ORIGINS', origins)}")
    (found,) = IMPORTERS["starlette"](source)
    assert found.policy == Policy(allow_origins=LISTED, allow_credentials=True)
    assert source.notes == {}


SETTINGS = "class Settings(BaseSettings):\n    cors: list[str] = ['https://a.test']\n"


@pytest.mark.parametrize(
    "made",
    [
        "class Settings(BaseSettings):\n    cors: list[str]\nsettings = Settings()",
        "class Settings(BaseSettings):\n    cors: list[str] = Field(...)\nsettings = Settings()",
        "class Settings(BaseSettings):\n    cors: list[AnyHttpUrl] = ['https://a.test']\n"
        "settings = Settings()",
        "class Settings(BaseSettings):\n    @property\n    def cors(self): return load()\n"
        "settings = Settings()",
        "class Settings(BaseSettings):\n    cors: str = 'https://a.test'\n"
        "    @field_validator('cors')\n    def check(cls, v): return v.upper()\n"
        "settings = Settings()",
        f"{SETTINGS}settings = Settings()\nsettings.cors = read()",
        f"{SETTINGS}settings = Settings(**given)",
        f"{SETTINGS}settings = Settings()\nsettings = other()",
        f"{SETTINGS}{SETTINGS}settings = Settings()",
        "from config import settings",
        "settings = settings",
    ],
)
def test_a_field_that_shows_only_when_it_runs_is_refused(made: str) -> None:
    text = f"{HEAD}{made}{APP.replace('ORIGINS', 'settings.cors')}"
    with pytest.raises(UnreadableError, match=r"can't tell the value of `settings\.cors`"):
        read("starlette", "a.py", text)


def test_what_validates_a_list_is_told() -> None:
    made = (
        f"{SETTINGS}    @field_validator('cors', mode='before')\n"
        "    def parted(cls, v): return v.split(',') if isinstance(v, str) else v\n"
        "settings = Settings()"
    )
    source = Source("a.py", f"{HEAD}{made}{APP.replace('ORIGINS', 'settings.cors')}")
    (found,) = IMPORTERS["starlette"](source)
    assert found.policy.allow_origins == ("https://a.test",)
    assert "a.py:7: what a validator makes of cors isn't read" in source.notes
