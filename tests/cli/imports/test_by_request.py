"""`corscope import` of nginx and Apache: a rule is what they answer, or it says where it is not."""

from __future__ import annotations

import http.client
import time
from dataclasses import replace

import pytest

from corscope.cli.imports.tree import UnreadableError
from corscope.messages import HeaderList, Request, Response
from corscope.servers.parts import ALLOW_ORIGIN
from corscope.servers.policy import Policy
from tests.cli.imports.reading import APP, KEEPING, OWN, dialect, read
from tests.servers.real.libraries import LIBRARIES, Running

KEPT = replace(OWN, settings=KEEPING)
ALWAYS = (("always", True), *KEEPING)
SENT_ALWAYS = replace(OWN, settings=ALWAYS)
FLAG = """set $cors '';
if ($http_origin ~* (https?://.*\\.sub\\.test(:[0-9]+)?$)) { set $cors 'true'; }
if ($cors = 'true') { add_header Access-Control-Allow-Origin "$http_origin" always;
    add_header Access-Control-Allow-Credentials true always; add_header Vary Origin always; }
"""
SUB = Policy(
    allow_origin_regex=r"(?i)(https?://.*\.sub\.test(:[0-9]+)?$)",
    allow_credentials=True,
    settings=ALWAYS,
)
VARY = "add_header Vary Origin always;"
SEND = f"add_header Access-Control-Allow-Origin $http_origin always; {VARY}"
ANSWER = "if ($request_method = OPTIONS) { return 204; }"

NGINX: dict[str, tuple[str, list[tuple[str | None, Policy]]]] = {
    "a flag, whose preflights go to the backend": (
        FLAG,
        [(None, replace(SUB, forward_preflight=True))],
    ),
    "a flag, and an if after it that has none of its headers": (
        FLAG + ANSWER,
        [("actual", SUB), ("preflight", Policy(allow_origins=(), settings=ALWAYS))],
    ),
    "a flag that is added to": (
        f"""if ($http_origin = {APP}) {{ set $cors "1"; }}
        if ($request_method = OPTIONS) {{ set $cors "${{cors}}options"; }}
        if ($cors = "1") {{ {SEND} }}
        if ($cors = "1options") {{ {SEND} add_header Access-Control-Max-Age 5; return 204; }}""",
        [(None, replace(SENT_ALWAYS, max_age=5))],
    ),
    "a map of hostnames, whose masks fit an end of the origin": (
        f"map $http_origin $ok {{ hostnames; {APP} $http_origin; *.b.test $http_origin; "
        "https://c.* $http_origin; ~^https://d $http_origin; }"
        f"add_header Access-Control-Allow-Origin $ok always; {VARY} {ANSWER}",
        [
            (
                None,
                replace(
                    SENT_ALWAYS,
                    allow_origin_regex=r"(?:(?i:\.b\.test$))|(?:(?i:^https://c\.))|(?:^https://d)",
                ),
            )
        ],
    ),
    "a map of masks without hostnames, which are texts": (
        f"map $http_origin $ok {{ {APP} $http_origin; https://c.* $http_origin; }}"
        f"add_header Access-Control-Allow-Origin $ok always; {VARY} {ANSWER}",
        [(None, replace(SENT_ALWAYS, allow_origins=(APP, "https://c.*")))],
    ),
    "a map to a flag": (
        f"map $http_origin $ok {{ default 0; {APP} 1; }} if ($ok) {{ {SEND} }} ",
        [(None, replace(SENT_ALWAYS, forward_preflight=True))],
    ),
    "a map of a map": (
        f"map $http_origin $a {{ {APP} x; }} map $a $b {{ x $http_origin; }}"
        f"add_header Access-Control-Allow-Origin $b always; {VARY} {ANSWER}",
        [(None, SENT_ALWAYS)],
    ),
    "a map of origins that get themselves as written": (
        f"map $http_origin $ok {{ {APP} {APP}; }}"
        f"add_header Access-Control-Allow-Origin $ok always; {VARY} {ANSWER}",
        [(None, SENT_ALWAYS)],
    ),
    "a map of methods": (
        "map $request_method $methods { OPTIONS 'GET, PUT'; }"
        "add_header Access-Control-Allow-Origin * always;"
        "add_header Access-Control-Allow-Methods $methods always;",
        [
            (
                None,
                Policy(
                    allow_origins="*",
                    allow_methods=("GET", "PUT"),
                    forward_preflight=True,
                    settings=ALWAYS,
                ),
            )
        ],
    ),
    "headers for preflights alone": (
        "if ($request_method = OPTIONS) { add_header Access-Control-Allow-Origin *;"
        "add_header Access-Control-Allow-Headers x-a; return 204; }",
        [
            (
                "preflight",
                Policy(allow_origins="*", allow_headers=("x-a",), settings=KEEPING),
            )
        ],
    ),
    "a location that has the server's headers": (
        "server { add_header Access-Control-Allow-Origin * always;"
        f"location / {{ {ANSWER} }} location /a {{ add_header X-A a; }} }}",
        [(None, Policy(allow_origins="*", settings=ALWAYS))],
    ),
    "a server that tells origins for its location": (
        f"server {{ if ($http_origin = {APP}) {{ set $cors $http_origin; }} location / {{"
        f"add_header Access-Control-Allow-Origin $cors always; {VARY} {ANSWER} }} }}",
        [(None, SENT_ALWAYS)],
    ),
    "a location that answers all by itself": (
        f"location / {{ {SEND} return 200 hello; }}",
        [(None, Policy(allow_origins="request", forward_preflight=True, settings=ALWAYS))],
    ),
}


@pytest.mark.parametrize(("text", "policies"), NGINX.values(), ids=NGINX)
def test_what_nginx_answers_is_the_rule(
    text: str, policies: list[tuple[str | None, Policy]]
) -> None:
    found = read("nginx", "n.conf", text)
    assert [(each.match.get("kind"), each.policy) for each in found] == policies


NGINX_TOLD = {
    "a location by a regex": (
        f"location ~ \\.png\\b {{ {SEND} }}",
        "n.conf:1: only paths that fit ~ \\.png\\b are meant: say so in match.url",
    ),
    "a location that adds headers of its own": (
        "server { add_header Access-Control-Allow-Origin * always;\n"
        "location /a { add_header X-A 1; } location /b { } }",
        "n.conf:2: location /a adds headers of its own, and so has none of these: say so in "
        "match.url",
    ),
    "a condition that shows only when it runs": (
        f"if ($uri = /a) {{ {SEND} }}",
        "n.conf:1: the condition $uri = /a is not imported",
    ),
    "a condition by a regex that can't be read": (
        f"if ($request_method ~ OPT)) {{ {SEND} }}",
        "n.conf:1: the condition $request_method ~ OPT) is not imported",
    ),
    "another origin for the others": (
        f'map $http_origin $o {{ default {APP}; "https://b.test" $http_origin; }}'
        "add_header Access-Control-Allow-Origin $o;",
        f"n.conf:1: others get {APP}, of use to that origin alone; the rule sends them none",
    ),
    "a value that is no origin": (
        f"map $http_origin $o {{ {APP} 1; }} add_header Access-Control-Allow-Origin $o;",
        "n.conf:1: others get 1, of use to that origin alone; the rule sends them none",
    ),
    "a star for some": (
        f"if ($http_origin = {APP}) {{ add_header Access-Control-Allow-Origin *; }}",
        "n.conf:1: those origins get *; the rule sends them their own",
    ),
    "a pattern where nginx knows none": (
        "map $http_origin $o { https://*.b.test $http_origin; }"
        "add_header Access-Control-Allow-Origin $o;",
        "n.conf:1: https://*.b.test is left out: it is no pattern here, and never matches",
    ),
    "two origins at once": (
        "add_header Access-Control-Allow-Origin *; add_header Access-Control-Allow-Origin a;",
        "n.conf:1: Access-Control-Allow-Origin comes several times; the rule sends it once",
    ),
    "methods with all answers": (
        "add_header Access-Control-Allow-Origin *; add_header Access-Control-Allow-Methods PUT;",
        "n.conf:1: Access-Control-Allow-Methods is sent with all answers; the rule sends it to "
        "preflights, where it counts",
    ),
    "what is exposed, to preflights": (
        f"add_header Access-Control-Expose-Headers x-a; {SEND} {ANSWER}",
        "n.conf:1: Access-Control-Expose-Headers is sent to preflights too; the rule leaves it out "
        "there, as it counts not",
    ),
    "credentials without the origin's always": (
        f"{SEND} add_header Access-Control-Allow-Credentials true;",
        "n.conf:1: Access-Control-Allow-Credentials differs from the origin in its always: the "
        "rule takes both as that has it",
    ),
    "credentials for some": (
        f"if ($http_origin = {APP}) {{ {SEND} add_header Access-Control-Allow-Credentials true; }}",
        "n.conf:1: Access-Control-Allow-Credentials is for some origins only; the rule sends it to "
        "all",
    ),
    "some methods": (
        f"if ($request_method ~ ^(POST|OPTIONS)$) {{ {SEND} }}",
        "n.conf:1: only POST get it; the rule sends it with all",
    ),
    "another status": (
        f"{SEND} if ($request_method = OPTIONS) {{ return 200; }}",
        "n.conf:1: the rule answers preflights by 204, not 200: both let them pass",
    ),
    "preflights of some": (
        f"if ($http_origin = {APP}) {{ set $c 1$request_method; }} {SEND.replace('$http_', '$')}"
        f"map $c $origin {{ default ''; 1GET $http_origin; 1OPTIONS $http_origin; }}"
        "if ($c = 1OPTIONS) { return 204; }",
        "n.conf:1: other origins' preflights go another way; the rule treats them as these",
    ),
    "no Vary": (
        "add_header Access-Control-Allow-Origin $http_origin;",
        "n.conf:1: no Vary: Origin is sent beside it; the rule adds it",
    ),
    "no Vary for preflights": (
        "if ($request_method = OPTIONS) { add_header Access-Control-Allow-Origin *; "
        "add_header Access-Control-Allow-Headers $http_access_control_request_headers;"
        "return 204; } add_header Access-Control-Allow-Origin *;",
        "n.conf:1: no Vary: Access-Control-Request-Headers is sent beside it; the rule adds it",
    ),
    "no spaces": (
        "add_header Access-Control-Allow-Headers x-a,x-b;",
        "n.conf:1: the rule puts one space behind each comma of Access-Control-Allow-Headers",
    ),
}


@pytest.mark.parametrize("path", ["/", "^~ /", "~ ^/"])
def test_a_location_for_all_paths_is_not_told(path: str) -> None:
    (found,) = read("nginx", "n.conf", f"location {path} {{ {SEND} {ANSWER} }}")
    assert (found.policy, found.warnings) == (
        Policy(allow_origins="request", settings=ALWAYS),
        (),
    )


def test_options_that_are_no_preflight_are_told_where_a_rule_is_for_preflights_alone() -> None:
    text, _ = NGINX["headers for preflights alone"]
    (found,) = read("nginx", "n.conf", text)
    assert found.warnings == (
        "n.conf:1: OPTIONS that is no preflight is answered too; the rule passes it on",
    )


@pytest.mark.parametrize(("text", "warning"), NGINX_TOLD.values(), ids=NGINX_TOLD)
def test_what_is_otherwise_with_nginx_is_told(text: str, warning: str) -> None:
    (found,) = read("nginx", "n.conf", text)
    assert warning in found.warnings


NGINX_REFUSED = {
    "others that are refused": (
        f'{VARY}\nif ($http_origin !~ "^{APP}$") {{ return 403; }} {SEND}',
        "n.conf:2: some origins are answered by 403: write a rule with match.origin",
    ),
    "all but some": (
        f"\nmap $http_origin $o {{ default $http_origin; {APP} ''; }}\n"
        "add_header Access-Control-Allow-Origin $o;",
        "n.conf:3: any origin is allowed, but some are treated otherwise: write a rule",
    ),
    "a regex before that takes some away": (
        "map $http_origin $o { ~bad ''; ~test$ $http_origin; }\n"
        "add_header Access-Control-Allow-Origin $o;",
        "n.conf:2: can't tell which origins fit, as some fit several tests",
    ),
    "two regexes that both have to fit": (
        "if ($http_origin ~ ^https) { set $c 1; } if ($http_origin ~ test$) { set $c ${c}2; }\n"
        f"if ($c = 12) {{ {SEND} }}",
        "n.conf:2: can't tell which origins fit, as some fit several tests",
    ),
    "credentials for one of two": (
        f"if ($http_origin = {APP}) {{ {SEND} }}\nif ($http_origin = https://b.test) {{"
        f"{SEND} add_header Access-Control-Allow-Credentials true; }}",
        "n.conf:1: Access-Control-Allow-Credentials isn't the same for all origins",
    ),
    "a star with credentials for some": (
        f"if ($http_origin = {APP}) {{ add_header Access-Control-Allow-Credentials true;\n"
        "add_header Access-Control-Allow-Origin *; }",
        "n.conf:2: some origins get * with credentials",
    ),
    "an origin within a longer text": (
        f"set $all $http_origin$uri;\nif ($all ~ test) {{ {SEND} }}",
        "n.conf:2: can't tell which origins fit: $all ~ test",
    ),
    "a flag that shows only when it runs": (
        "set $o ''; if ($arg_a) { set $o $http_origin; }\n"
        "add_header Access-Control-Allow-Origin $o;",
        "n.conf:2: can't tell the value of $o",
    ),
    "a flag for headers that shows only when it runs": (
        f"if ($http_referer ~ test) {{ set $ok 1; }}\nif ($ok) {{ {SEND} }}",
        "n.conf:2: can't tell which origins fit: $ok",
    ),
    "a map of the method by a regex that can't be read": (
        "map $request_method $o { ~OPT) a; default $http_origin; }\n"
        "add_header Access-Control-Allow-Origin $o;",
        "n.conf:2: can't tell the value of $o",
    ),
    "preflights that fail": (
        f"{SEND}\nif ($request_method !~ ^(GET|POST)$) {{ return 405; }}",
        "n.conf:2: preflights fail, as they are answered by 405",
    ),
    "a map's file": (
        "map $http_origin $o {\ninclude origins; } add_header Access-Control-Allow-Origin $o;",
        "n.conf:2: a map's values stand in another file",
    ),
    "another module's headers": (
        "\nmore_set_headers 'Access-Control-Allow-Origin: *';",
        "n.conf:2: more_set_headers isn't read: write add_header … always",
    ),
    "conditions without an end": (
        "".join(f"if ($http_origin ~ a{n}) {{ {SEND} }}\n" for n in range(2000)),
        "n.conf: holds too much to tell which origins fit",
    ),
    "maps of each other": (
        "map $a $b { default $a; } map $b $a { default $b; }"
        "add_header Access-Control-Allow-Origin $a;",
        "n.conf:1: can't tell the value of",
    ),
    "a text that doubles": (
        "set $a aa;" + "set $a $a$a;" * 60 + "add_header Access-Control-Allow-Origin $a;",
        "n.conf:1: can't tell the value of $too_long",
    ),
}


@pytest.mark.parametrize(("text", "says"), NGINX_REFUSED.values(), ids=NGINX_REFUSED)
def test_what_would_allow_others_than_nginx_is_refused(text: str, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read("nginx", "n.conf", text)
    assert says in str(caught.value)


OURS = 'SetEnvIf Origin "^https://app\\.test$" ours\n'
SENT = 'Header always set Access-Control-Allow-Origin "expr=%{HTTP:Origin}"'
VARIES = "\nHeader always set Vary Origin\n"
REWRITE = """RewriteEngine On
RewriteCond %{REQUEST_METHOD} =OPTIONS
RewriteCond %{HTTP:Access-Control-Request-Method} .
RewriteRule ^ - [R=204,L]
"""
NOBODY = Policy(allow_origins=())
PASSED_ON = replace(KEPT, forward_preflight=True)

APACHE: dict[str, tuple[str, list[tuple[str | None, Policy]]]] = {
    "a flag": (f"{OURS}{SENT} env=ours{VARIES}", [(None, PASSED_ON)]),
    "what a RewriteCond has found": (
        "RewriteEngine On\n"
        "RewriteCond %{HTTP:Origin} ^(https://app\\.test|https://b\\.test)$ [NC]\n"
        "RewriteRule .* - [E=o:%1]\n"
        f"Header always set Access-Control-Allow-Origin %{{o}}e env=o{VARIES}",
        [
            (
                None,
                Policy(
                    allow_origin_regex=r"(?i)^(https://app\.test|https://b\.test)$",
                    forward_preflight=True,
                    settings=KEEPING,
                ),
            )
        ],
    ),
    "the header in other letters": (
        "RewriteEngine On\nRewriteCond %{HTTP:ORIGIN} ^https://app\\.test$\n"
        f"RewriteRule .* - [E=o:%{{HTTP:ORIGIN}}]\n"
        f"Header always set Access-Control-Allow-Origin %{{o}}e env=o{VARIES}",
        [(None, PASSED_ON)],
    ),
    "many origins, each of which is a regex": (
        "".join(f'SetEnvIf Origin "^https://a{n}\\.test$" ours\n' for n in range(150))
        + f"{SENT} env=ours{VARIES}",
        [(None, replace(PASSED_ON, allow_origins=tuple(f"https://a{n}.test" for n in range(150))))],
    ),
    "a list of an expression": (
        f"<If \"%{{HTTP:Origin}} in {{'{APP}', 'https://b.test'}}\">\n{SENT}\n</If>{VARIES}",
        [(None, replace(PASSED_ON, allow_origins=(APP, "https://b.test")))],
    ),
    "a flag, with an answer to preflights": (
        f"{OURS}{SENT} env=ours{VARIES}{REWRITE}",
        [(None, KEPT)],
    ),
    "headers that Apache's own answer doesn't get": (
        f"Header set Access-Control-Allow-Origin *\n{REWRITE}",
        [("actual", Policy(allow_origins="*")), ("preflight", NOBODY)],
    ),
    "a condition around it": (
        f"<If \"%{{HTTP:Origin}} == '{APP}'\">\n{SENT}\n</If>{VARIES}",
        [(None, PASSED_ON)],
    ),
    "a regex around it, whose ends are open": (
        f"<If \"req('Origin') =~ m#^{APP}#i && -n %{{HTTP:Origin}}\">\n{SENT}\n</If>{VARIES}",
        [
            (
                None,
                Policy(allow_origin_regex=f"(?i)^{APP}", forward_preflight=True, settings=KEEPING),
            )
        ],
    ),
    "an Else": (
        f"<If \"%{{REQUEST_METHOD}} != 'OPTIONS'\">\n</If>\n<Else>\n"
        f"Header always set Access-Control-Allow-Origin {APP}\n</Else>",
        [
            (
                "preflight",
                Policy(allow_origins=APP, forward_preflight=True, settings=KEEPING),
            )
        ],
    ),
    "methods for preflights": (
        f"SetEnvIf Request_Method OPTIONS asks\n{OURS}{SENT} env=ours{VARIES}"
        'Header always set Access-Control-Allow-Methods "GET, PUT" env=asks',
        [(None, replace(PASSED_ON, allow_methods=("GET", "PUT")))],
    ),
    "a group that is all of it": (
        'SetEnvIf Origin "^(https://[ab]\\.test)$" o=$1\n'
        f"Header always set Access-Control-Allow-Origin %{{o}}e env=o{VARIES}",
        [
            (
                None,
                Policy(
                    allow_origin_regex=r"^(https://[ab]\.test)$",
                    forward_preflight=True,
                    settings=KEEPING,
                ),
            )
        ],
    ),
    "a variable of mod_rewrite's": (
        "RewriteCond %{HTTP:Origin} ^https://app\\.test$ [NC]\n"
        "RewriteRule .* - [E=o:%{HTTP:Origin}]\n"
        f"Header always set Access-Control-Allow-Origin %{{o}}e env=o{VARIES}",
        [
            (
                None,
                Policy(
                    allow_origin_regex=r"(?i)^https://app\.test$",
                    forward_preflight=True,
                    settings=KEEPING,
                ),
            )
        ],
    ),
    "conditions of which one may hold": (
        "RewriteCond %{HTTP:Origin} =https://app.test [OR]\n"
        "RewriteCond %{HTTP:Origin} =https://b.test\nRewriteRule .* - [E=o:1]\n"
        f"{SENT} env=o{VARIES}",
        [(None, replace(PASSED_ON, allow_origins=(APP, "https://b.test")))],
    ),
    "hosts of their own": (
        "<VirtualHost *:80>\nHeader always set Access-Control-Allow-Origin *\n</VirtualHost>\n"
        f"<VirtualHost *:80>\nHeader set Access-Control-Allow-Origin {APP}\n</VirtualHost>",
        [
            (None, Policy(allow_origins="*", forward_preflight=True, settings=KEEPING)),
            (None, Policy(allow_origins=APP, forward_preflight=True)),
        ],
    ),
    "one that is set anew": (
        "Header set Access-Control-Allow-Origin *\n"
        f"Header set Access-Control-Allow-Origin {APP}\n"
        "Header setifempty Access-Control-Allow-Origin b\n"
        "Header set Access-Control-Allow-Methods GET\nHeader unset Access-Control-Allow-Methods",
        [(None, Policy(allow_origins=APP, forward_preflight=True))],
    ),
}


STAYS = (
    "a backend's own Access-Control-Allow-Credentials and Access-Control-Expose-Headers stay; "
    "the rule removes them"
)


@pytest.mark.parametrize(("text", "policies"), APACHE.values(), ids=APACHE)
def test_what_apache_answers_is_the_rule(
    text: str, policies: list[tuple[str | None, Policy]]
) -> None:
    found = read("apache", "a.conf", text)
    assert [(each.match.get("kind"), each.policy) for each in found] == policies
    warnings = [warning for each in found for warning in each.warnings]
    assert [warning for warning in warnings if STAYS not in warning] == []


OWN_TOO = f"Header always set Access-Control-Allow-Origin {APP}\n"
UNSET = ("unset", "always unset")
HIDDEN = {
    "its origin": f"{OWN_TOO}Header unset Access-Control-Allow-Origin",
    "that of Apache's own answers": f"{OWN_TOO}Header always unset Access-Control-Allow-Methods",
    "another of its headers": f"{OWN_TOO}Header unset Access-Control-Allow-Methods",
    "both": "".join(f"Header {how} Access-Control-Allow-Origin\n" for how in UNSET) + OWN_TOO,
    "before one is set": f"Header always unset Access-Control-Allow-Origin\n{OWN_TOO}",
}


def test_of_a_backend_apache_takes_away_what_the_rule_does() -> None:
    LIBRARIES["apache"].require()
    asked = Request("GET", "https://api.test/own", (("Origin", APP),))
    with Running(LIBRARIES["apache"], list(HIDDEN.values())) as server:
        for text, real, bare in zip(HIDDEN.values(), server.real, server.bare, strict=True):
            policy = read("apache", "a.conf", text)[0].policy
            ours = dialect("apache").actual(policy, asked, Response(200, own_headers(bare)))
            assert origins(ours.headers) == origins(own_headers(real)), text


def own_headers(port: int) -> HeaderList:
    """What is answered where the application allows an origin itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/own", headers={"Origin": APP})
    response = connection.getresponse()
    response.read()
    connection.close()
    return tuple(response.getheaders())


def origins(headers: HeaderList) -> list[str]:
    """The origins that are allowed, each of a line of its own."""
    return sorted(value for name, value in headers if name.lower() == ALLOW_ORIGIN)


def test_what_apache_leaves_of_a_backend_beside_its_own_is_told() -> None:
    (found,) = read("apache", "a.conf", HIDDEN["its origin"])
    assert f"a.conf:1: {STAYS}" in found.warnings


STAR = "Header set Access-Control-Allow-Origin *"
APACHE_TOLD = {
    "a backend's own headers": (STAR, f"a.conf:1: {STAYS}"),
    "a part of the origin": (
        f'SetEnvIf Origin "{APP}" o=$0\nHeader set Access-Control-Allow-Origin %{{o}}e env=o',
        "a.conf:1: of origins that the regex only fits in part that part is sent, which browsers "
        "refuse; the rule sends nothing",
    ),
    "credentials for some": (
        f"{OURS}{SENT} env=ours\nHeader always set Access-Control-Allow-Credentials true env=ours",
        "a.conf:3: Access-Control-Allow-Credentials is for some origins only; the rule sends it to "
        "all",
    ),
    "another origin for the others": (
        f'{OURS}Header set Access-Control-Allow-Origin "{APP}" env=ours\n'
        'Header set Access-Control-Allow-Origin "https://b.test" env=!ours',
        "a.conf:2: others get https://b.test, of use to that origin alone; the rule sends them "
        "none",
    ),
    "another status": (
        f"Header always set Access-Control-Allow-Origin *\n{REWRITE.replace('204', '200')}",
        "a.conf:5: the rule answers preflights by 204, not 200: both let them pass",
    ),
    "OPTIONS of any kind": (
        "Header always set Access-Control-Allow-Origin *\nRewriteCond %{REQUEST_METHOD} OPTIONS\n"
        "RewriteRule ^(.*)$ $1 [R=204,L]",
        "a.conf:3: OPTIONS that is no preflight is answered too; the rule passes it on",
    ),
    "a path of a RewriteRule": (
        "Header always set Access-Control-Allow-Origin *\nRewriteCond %{REQUEST_METHOD} OPTIONS\n"
        "RewriteRule ^api/ - [R=204,L]",
        "a.conf:3: not all that the RewriteRule hangs on is imported",
    ),
    "a condition that shows only when it runs": (
        f"{STAR} \"expr=%{{REQUEST_URI}} == '/a'\"",
        "a.conf:1: the condition expr=%{REQUEST_URI} == '/a' is not imported",
    ),
    "files": (
        f'<FilesMatch "\\.woff\\b">\n{STAR}\n</FilesMatch>',
        "a.conf: only paths that fit FilesMatch \\.woff\\b are meant: say so in match.url",
    ),
    "methods with all answers": (
        f"{STAR}\nHeader set Access-Control-Allow-Methods PUT",
        "a.conf:2: Access-Control-Allow-Methods is sent with all answers; the rule sends it to "
        "preflights, where it counts",
    ),
}


@pytest.mark.parametrize(("text", "warning"), APACHE_TOLD.values(), ids=APACHE_TOLD)
def test_what_is_otherwise_with_apache_is_told(text: str, warning: str) -> None:
    (found,) = read("apache", "a.conf", text)
    assert warning in found.warnings


APACHE_REFUSED = {
    "all but some": (
        f"{OURS}{SENT} env=!ours",
        "a.conf:2: any origin is allowed, but some are treated otherwise",
    ),
    "a flag that another file sets": (
        f"{SENT} env=ours",
        "a.conf:1: can't tell when ours is set, and so which origins fit",
    ),
    "a flag that shows only when it runs": (
        f"SetEnvIf Referer test ours=1\n{SENT} env=ours",
        "a.conf:2: can't tell which origins fit: env=ours",
    ),
    "a method by a regex that can't be read": (
        f"RewriteCond %{{REQUEST_METHOD}} OPT)\nRewriteRule .* - [E=ours:1]\n{SENT} env=ours",
        "a.conf:3: can't tell which origins fit: env=ours",
    ),
    "a part that a RewriteCond has found": (
        "RewriteEngine On\nRewriteCond %{HTTP:Origin} ^https://(app|b)\\.test$\n"
        "RewriteRule .* - [E=o:%1]\nHeader always set Access-Control-Allow-Origin %{o}e env=o",
        "a.conf:4: can't tell",
    ),
    "an expression of another kind": (
        f"<If \"%{{HTTP:Origin}} -strmatch '{APP}*'\">\n{SENT}\n</If>",
        "a.conf:2: can't tell which origins fit: %{HTTP:Origin} -strmatch",
    ),
    "a part that a regex takes out": (
        'SetEnvIf Origin "^https://(.*)$" o=http://$1\n'
        "Header set Access-Control-Allow-Origin %{o}e",
        "a.conf:2: can't tell the value of %{o}e",
    ),
    "a header that is edited": (
        f"{STAR}\nHeader edit Access-Control-Allow-Origin a b",
        "a.conf:2: can't tell what edit makes of Access-Control-Allow-Origin",
    ),
    "others that are refused": (
        f"RewriteCond %{{HTTP:Origin}} !={APP}\nRewriteRule ^ - [F]\n{SENT}",
        "a.conf:2: some origins are answered by 403: write a rule with match.origin",
    ),
    "sections without an end": ("<IfModule a>\n" * 200 + STAR, "a.conf:101: is nested too deeply"),
}


@pytest.mark.parametrize(("text", "says"), APACHE_REFUSED.values(), ids=APACHE_REFUSED)
def test_what_would_allow_others_than_apache_is_refused(text: str, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read("apache", "a.conf", text)
    assert says in str(caught.value)


def test_a_large_file_takes_no_square_of_its_length() -> None:
    origins = tuple(f"https://a{n}.test" for n in range(9_000))
    entries = "".join(f"{origin} $http_origin;\n" for origin in origins)
    (found,) = read(
        "nginx",
        "n.conf",
        f"map $http_origin $o {{ {entries} }} add_header Access-Control-Allow-Origin $o;",
    )
    assert found.policy.allow_origins == origins
    places = "".join(
        f"location /{n} {{ add_header Access-Control-Allow-Origin https://a{n}.test; }}\n"
        for n in range(3_000)
    )
    assert len(read("nginx", "n.conf", places)) == 3_000
    passing = places.replace("add_header Access-Control-Allow-Origin", "proxy_pass")
    answering = passing.replace("{", "{ if ($request_method = OPTIONS) { return 204; }")
    begun = time.monotonic()
    heirs = read("nginx", "n.conf", f"add_header Access-Control-Allow-Origin *;\n{answering}")
    assert len(heirs) == 3_001
    assert time.monotonic() - begun < 30  # each location had all of the file gone through: 90 s


SERVER = 'server {\nadd_header Access-Control-Allow-Origin "https://app.test" always;\n%s\n}\n'
ROOT = (
    "location / {\nif ($request_method = OPTIONS) {\n"
    'add_header Access-Control-Allow-Origin "https://app.test" always;\n'
    "add_header Access-Control-Max-Age 5 always;\nreturn 204;\n}\nproxy_pass http://b;\n}"
)


def test_a_location_for_all_paths_is_all_of_its_server() -> None:
    (found,) = read("nginx", "n.conf", SERVER % ROOT)
    assert found.policy.max_age == 5
    assert not found.policy.forward_preflight


def test_what_others_inherit_beside_a_location_for_all_paths_is_for_them() -> None:
    second, first = read("nginx", "n.conf", SERVER % f"location /api {{ x y; }}\n{ROOT}")
    assert second.paths == ("/api*",)
    assert (first.policy.max_age, first.policy.forward_preflight) == (5, False)
    assert (second.policy.max_age, second.policy.forward_preflight) == (None, True)


def test_servers_stay_in_their_order() -> None:
    other = SERVER.replace("app.test", "b.test") % ROOT.replace("app.test", "b.test")
    plain = SERVER % "location /api { x y; }"
    first, second = read("nginx", "n.conf", f"{plain}{other}")
    assert first.policy.allow_origins == "https://app.test"
    assert second.policy.allow_origins == "https://b.test"


SEVERAL = {
    "nginx": ("add_header %s always;\n", "n.conf"),
    "apache": ("Header always add %s\n", "a.conf"),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_a_list_in_several_lines_is_one(name: str) -> None:
    line, file = SEVERAL[name]
    methods = [f"Access-Control-Allow-Methods {each}" for each in ("PUT", '"PATCH, DELETE"')]
    lines = (f"Access-Control-Allow-Origin {APP}", *methods)
    (found,) = read(name, file, "".join(line % each for each in lines))
    assert found.policy.allow_methods == ("PUT", "PATCH", "DELETE")
    told = "Access-Control-Allow-Methods comes several times; the rule sends it once"
    assert f"{file}:3: {told}" in found.warnings
