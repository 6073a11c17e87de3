"""`corscope import` of Terraform: what its resources say, and values as it has them itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from corscope.cli.imports.formats import FORMATS, guess
from corscope.cli.imports.languages.hcl import HclFile
from corscope.cli.imports.tree import Found, Node, Source, UnreadableError
from corscope.servers.policy import Policy

FILE = """
variable "origins" {
  type    = list(string)
  default = ["https://app.test"]
}
variable "name" {}
locals {
  all  = concat(var.origins, ["https://b.test"]) # joined
  host = "app.test"
}
/* a
resource */
resource "aws_s3_bucket_cors_configuration" "a" {
  bucket = aws_s3_bucket.a.id
  cors_rule {
    allowed_headers = ["*"]
    allowed_methods = ["PUT", "POST"]
    allowed_origins = local.all
    expose_headers  = ["ETag"]
    max_age_seconds = 3000
  }
  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["*"]
  }
}
resource "aws_apigatewayv2_api" "a" {
  name = "${var.name}-x"
  cors_configuration {
    allow_origins     = ["https://${local.host}"]
    allow_methods     = ["GET"]
    max_age           = 60
    allow_credentials = true
  }
  tags = { for k, v in var.tags : k => v }
  body = <<-EOT
    cors_configuration {
  EOT
}
resource "google_storage_bucket" "b" {
  cors {
    origin          = ["https://app.test"]
    method          = ["GET", "HEAD"]
    response_header = ["x-a"]
    max_age_seconds = 5
  }
}
resource "aws_lambda_function_url" "u" {
  cors {
    allow_origins = ["*"]
    max_age       = 86400
  }
}
resource "azurerm_storage_account" "s" {
  blob_properties {
    cors_rule {
      allowed_headers    = ["*"]
      allowed_methods    = ["GET"]
      allowed_origins    = ["https://app.test"]
      exposed_headers    = ["*"]
      max_age_in_seconds = 10
    }
  }
}
"""
APP = ("https://app.test",)


def read(text: str) -> list[Found]:
    return list(FORMATS["terraform"](Source("main.tf", text)))


def test_the_rules_of_each_resource_are_read() -> None:
    source = Source("main.tf", FILE)
    assert guess(source) == ["terraform"]
    put, get, api, gcs, url, azure = FORMATS["terraform"](source)
    assert [each.like for each in (put, get, api, gcs, url, azure)] == [
        *("s3", "s3", "api-gateway", "gcs", "api-gateway", "azure-blob"),
    ]
    both = (*APP, "https://b.test")
    assert put.policy == Policy(
        allow_origins=both,
        allow_methods=("PUT", "POST"),
        allow_headers="*",
        expose_headers=("ETag",),
        max_age=3000,
    )
    assert put.match == {"origin": both, "method": ("PUT", "POST")}
    assert get.policy == Policy(allow_origins="*", allow_methods=("GET",))
    assert api.policy == Policy(
        allow_origins=APP, allow_methods=("GET",), allow_credentials=True, max_age=60
    )
    assert (gcs.policy.allow_headers, gcs.policy.expose_headers) == (("x-a",), ("x-a",))
    assert url.policy == Policy(allow_origins="*", max_age=86400)
    assert "the URL of a function is taken to answer" in url.warnings[0]
    assert azure.policy.allow_origins == APP
    told = "taken as if var.origins weren't set: what stands here then counts"
    assert [note.partition(": ")[2] for note in source.notes] == [told]
    assert api.place == "main.tf:29"


VALUES = {
    "local.text": "local.text",
    "local.list": "local.list",
    '"https://${local.text}.test"': '"https://${local.text}.test"',
    '"a$${b}"': '"a$${b}"',
    r'"a\"b\\c\td"': r'"a\"b\\c\td"',
    "concat(local.list, [local.text])": "concat",
    "tolist(toset(local.list))": "tolist",
    "[local.text, 5, true, null]": "list",
    '{ a = 1, "b" : local.list }': "object",
    "[\n  # first\n  1,\n\n  2,\n]": "lines",
}
HEAD = """variable "v" {
  default = "app"
}
locals {
  text = var.v
  list = ["x", local.text]
}
"""


def plain(node: Node) -> object:
    match node.value:
        case tuple() as items:
            return [plain(each) for each in items]
        case dict() as table:
            return {name: plain(each) for name, each in table.items()}
    return node.value


def test_values_are_those_of_terraform_itself(tmp_path: Path) -> None:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is missing")
    all_values = ",\n".join(f"[{each}]" for each in VALUES)
    text = f"{HEAD}locals {{\n  all = [\n{all_values}\n]\n}}\n"
    (tmp_path / "main.tf").write_text(text)
    told = subprocess.run(
        ["terraform", "console"],
        input="jsonencode(local.all)\n",
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
        timeout=120,
    )
    real = json.loads(json.loads(told.stdout.strip().splitlines()[-1]))
    file = HclFile(Source("main.tf", text))
    assert plain(file.value(file.root.blocks[-1].values["all"])) == real


@pytest.mark.parametrize(
    "origins",
    [
        "var.unknown",
        "[var.unknown]",
        '["https://${var.unknown}"]',
        '["https://${lower(local.x)}"]',
        'var.a ? ["a"] : ["b"]',
        '[for x in var.a : "https://${x}"]',
        "aws_x.y.z",
        "local.self",
        "concat(local.self, [])",
        "<<EOT\nhttps://app.test\nEOT\n",
    ],
)
def test_what_terraform_knows_only_when_it_runs_is_refused(origins: str) -> None:
    text = (
        "locals {\n self = local.self\n}\n"
        f'resource "aws_lambda_function_url" "u" {{\ncors {{\nallow_origins = {origins}\n}}\n}}\n'
    )
    with pytest.raises(UnreadableError, match=r"main\.tf:6: can't tell the value of `"):
        read(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("resource {", "main.tf:1: is no Terraform: the end isn't expected"),
        ("a = ", "is no Terraform"),
        ('a = "x', "main.tf:1: is no Terraform: what begins here has no end"),
        ("\n/* x", "main.tf:2: is no Terraform: what begins here has no end"),
        ("a = <<E\nx\n", "main.tf:1: is no Terraform: what begins here has no end"),
        ("}", "main.tf:1: is no Terraform: '}' isn't expected"),
        ('resource "a" "b" {}', "has no CORS rules of a resource that is read: aws_s3_bucket"),
        (
            'resource "aws_s3_bucket" "b" {\n  dynamic "cors_rule" {\n  }\n}',
            "main.tf:2: dynamic cors_rule can't be told: write the blocks",
        ),
        ("a = " + "[" * 100_000, "is nested too deeply"),
        ("a {\n" * 100_000, "is nested too deeply"),
        ("a = " + "f(" * 100_000, "is no Terraform"),
        ("/*x" * 300_000, "has no end"),
        ("<<A\n" * 200_000, "is no Terraform"),
        ("\x0b\x0c\u2003", "has no CORS rules"),
    ],
)
def test_what_is_no_terraform_is_told(text: str, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(text)
    assert says in str(caught.value)


def test_names_that_double_come_to_an_end() -> None:
    doubled = "".join(f"a{n} = concat(local.a{n - 1}, local.a{n - 1})\n" for n in range(1, 60))
    text = f"locals {{\na0 = [1, 2]\n{doubled}}}\n"
    cors = "cors {\nallow_origins = local.a59\n}\n"
    with pytest.raises(UnreadableError, match="nested too deeply"):
        read(f'{text}resource "aws_lambda_function_url" "u" {{\n{cors}}}\n')


DYNAMIC = {
    "a list": (
        'variable "origins" {\n  default = ["https://a.test", "https://b.test"]\n}\n',
        "var.origins",
        "[cors_rule.value]",
    ),
    "a set": ("", 'toset(["https://b.test", "https://a.test"])', '["${cors_rule.value}"]'),
    "tables": (
        'locals {\n  rules = [{ o = ["https://a.test"] }, { o = ["https://b.test"] }]\n}\n',
        "local.rules",
        "cors_rule.value.o",
    ),
    "a table": (
        "",
        '{ z = ["https://b.test"], a = ["https://a.test"] }',
        "cors_rule.value",
    ),
}


@pytest.mark.parametrize("name", DYNAMIC)
def test_a_dynamic_block_is_a_block_for_each(name: str) -> None:
    before, each, origins = DYNAMIC[name]
    block = (
        'resource "aws_s3_bucket_cors_configuration" "a" {\n  dynamic "cors_rule" {\n'
        f"    for_each = {each}\n    content {{\n      allowed_origins = {origins}\n"
        '      allowed_methods = ["GET"]\n    }\n  }\n}\n'
    )
    found = read(before + block)
    assert [each.policy.allow_origins for each in found] == [
        ("https://a.test",),
        ("https://b.test",),
    ]
    assert guess(Source("main.tf", before + block)) == ["terraform"]


def test_a_dynamic_block_may_name_what_it_goes_through() -> None:
    block = (
        'resource "aws_s3_bucket" "a" {\n  dynamic "cors_rule" {\n    iterator = one\n'
        '    for_each = ["https://a.test"]\n    content {\n      allowed_origins = [one.value]\n'
        '      allowed_methods = ["GET"]\n    }\n  }\n}\n'
    )
    (found,) = read(block)
    assert found.policy.allow_origins == ("https://a.test",)
