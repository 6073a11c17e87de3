"""`corscope import` of nginx's `error_page 418 = @cors`: where preflights go on."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from corscope.cli.imports.formats import IMPORTERS
from corscope.cli.imports.tree import Source, UnreadableError
from tests.cli.imports.reading import APP
from tests.cli.imports.test_returned import compare, running

GONE_TO = """\
add_header X-All 1 always;
location / {
  error_page 418 PAGE;
  if ($request_method = OPTIONS) { return 418; }
  add_header Access-Control-Allow-Origin https://app.test always;
  add_header Access-Control-Allow-Credentials true always;
  proxy_pass http://localhost:1;
}
location @cors {
  add_header Access-Control-Allow-Origin https://app.test;
  add_header Access-Control-Allow-Methods "GET, PUT";
  return 204;
}
"""
ABOVE = """\
error_page 418 =200 @cors;
location / {
  if ($request_method = OPTIONS) { return 418; }
  add_header Access-Control-Allow-Origin https://app.test always;
  proxy_pass http://localhost:1;
}
location @cors {
  add_header Access-Control-Allow-Origin https://app.test always;
  add_header Access-Control-Allow-Methods "GET, PUT" always;
  return 204;
}
"""
CONFIGURATIONS = {
    "the status of what is there": (
        GONE_TO.replace("PAGE", "= @cors"),
        204,
        ["actual", "preflight"],
    ),
    "a status of its own": (GONE_TO.replace("PAGE", "=204 @cors"), 204, ["actual", "preflight"]),
    "said around it": (ABOVE, 200, [None]),
}


def status(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    connection.request("OPTIONS", "/", headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_preflights_are_answered_where_nginx_goes_on(tmp_path: Path, name: str) -> None:
    rules, expected, kinds = CONFIGURATIONS[name]
    found = list(IMPORTERS["nginx"](Source("n.conf", f"server {{\n{rules}}}\n")))
    assert [each.match.get("kind") for each in found] == kinds
    compare(tmp_path, "nginx", rules, found)
    with running(tmp_path, "nginx", rules) as port:
        assert status(port) == expected


def test_a_status_that_stays_fails_there_too(tmp_path: Path) -> None:
    rules = GONE_TO.replace("PAGE", "@cors")
    with running(tmp_path, "nginx", rules) as port:
        assert status(port) == 418
    with pytest.raises(UnreadableError, match="preflights fail, as they are answered by 418"):
        list(IMPORTERS["nginx"](Source("n.conf", f"server {{\n{rules}}}\n")))
