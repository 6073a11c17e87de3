"""What may stand in the strings of a rule file: names, hosts, URLs, header lines?

Each is a function that reads one, and raises BadValueError with the way out, and a regex that says
the same to editors. Which key takes which is in `schema`.
"""

import re

from corscope.fetch.headers import is_token
from corscope.fetch.origin import is_ip_address
from corscope.rules.glob import HostName, UrlGlob, split_host, split_url_glob
from corscope.rules.kinds.values import Text
from corscope.rules.meant import with_scheme
from corscope.rules.problems import BadValueError, shown, shown_list
from corscope.rules.template import PLACEHOLDERS, Template, parse_template
from corscope.servers.parts import is_sendable

__all__ = [
    "EDITED_NAME",
    "EDITED_VALUE",
    "HEADER_NAME",
    "HOST",
    "LOCATION",
    "METHOD",
    "ORIGIN",
    "RULE_NAME",
    "URL",
    "header_value",
]

_NAME = r"^[^\u0000-\u001f\u007f-\u00a0\u2028\u2029]*$"
_SOME_TCHARS = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TCHARS = f"^{_SOME_TCHARS}$"
_HOST = r"^(?:[^:/\s\u0080-\uffff]+|\[[^/\s\u0080-\uffff]*\])(?::(?:[0-9]{1,5}|\*))?$"
_ASCII = r"[\u0000-\u007f]"
_URL = (
    rf"^(?:\*(?!{_ASCII}*://){_ASCII}*"  # is meant for any host
    r"|(?:(?!://)[\s\S])*://(?:[\u0000-.0-\u007f]+/[\s\S]*|[\u0000-.0-\u007f]*\*))$"
)
_HEADER_VALUE = r"^[^\u0000\n\r\u0100-\uffff]*$"
_TEMPLATE = r"^(?:[^\u0000\n\r{}\u0100-\uffff]|\{\{|\}\}|\{(?:" + "|".join(PLACEHOLDERS) + r")\})*$"
_LOCATION = r"^[^\u0000\s\u0100-\uffff]*$"
_FRAMING = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def _in_any_case(word: str) -> str:
    """A regex for the word; JSON Schema has no flag for it."""
    return "".join(f"[{char.upper()}{char}]" if char.isalpha() else char for char in word)


_EDITED = f"^(?!(?:{'|'.join(map(_in_any_case, sorted(_FRAMING)))})$){_SOME_TCHARS}$"


def _name(text: str) -> str:
    if not text.isprintable():
        raise BadValueError("must be one line of printable characters", "leave out the others")
    return text


def _token(text: str) -> str:
    if not is_token(text):
        raise BadValueError("is no token", "letters, digits and !#$%&'*+-.^_`|~ are allowed")
    return text


def _header_name(text: str) -> str:
    if not is_token(text):
        raise BadValueError("is no header name", "letters, digits and !#$%&'*+-.^_`|~ are allowed")
    return text


def _edited_name(text: str) -> str:
    if text.lower() in _FRAMING:
        message = "frames the message and belongs to the proxy"
        raise BadValueError(message, "drop it: a rule must not be able to split a response")
    return _header_name(text)


def header_value(text: str) -> str:
    """A header's value that can be sent.

    Raises:
        BadValueError: it would end the line, or has characters that no byte stands for.
    """
    if not {"\r", "\n", "\0"}.isdisjoint(text):
        message = "must not hold a line break or NUL"
        raise BadValueError(message, "write one line: two would split the response")
    if not is_sendable(text):
        message = "must be Latin-1: a header has bytes, no other characters"
        raise BadValueError(message, "write the others percent-encoded, or leave them out")
    return text


def _template(text: str) -> Template:
    return parse_template(header_value(text))


def _url_glob(text: str) -> UrlGlob:
    glob = split_url_glob(text)
    if glob is None:
        raise _no_url(text)
    if not glob.host.isascii():
        raise BadValueError("has a host that isn't ASCII", _punycode(glob.host))
    if not (glob.whole or "").isascii():
        raise BadValueError("isn't ASCII", "write it percent-encoded, as browsers send it")
    return glob


def _no_url(text: str) -> BadValueError:
    """Tell what a URL lacks, and how it may have been meant."""
    if ":///" in text or text.endswith("://"):
        meant = text.replace(":///", "://*/", 1) if ":///" in text else f"{text}*/*"
        return BadValueError("has no host", f"write {shown(meant)}")
    if text.startswith("/") and not text.startswith("//"):
        of_one = shown(f"https://api.example.com{text}")
        return BadValueError("has no host", f"write {shown(f'*{text}')}, or {of_one} say")
    meant = text if "://" in text else with_scheme(text)
    with_path = meant if meant.count("/") > 2 else f"{meant}/*"
    message = "has no path" if "://" in text else "has no scheme"
    return BadValueError(message, f"write {shown(with_path)}")


def _host(text: str) -> HostName:
    if "://" in text or "/" in text:
        bare = text.rpartition("://")[2].partition("/")[0]
        hint = f"write {shown(bare)} here, or use the key url"
        raise BadValueError("must be a host, not a URL", hint)
    if not text.isascii():
        raise BadValueError("isn't ASCII", _punycode(text))
    host = split_host(text)
    address = host.name.startswith("[") and host.name.endswith("]")
    spaced = any(char.isspace() for char in text)
    if not host.name or spaced or (":" in host.name and not address):
        several = shown_list(map(str.strip, text.split(","))) if "," in text else ""
        if ":" in text and is_ip_address(text):
            several = shown(f"[{text.strip('[]')}]")
        one = '"api.example.com", "*.example.com" or "[::1]:8080", say'
        raise BadValueError("is no host", f"write {several or one}")
    if host.port is not None and not re.fullmatch(r"[0-9]{1,5}|\*", host.port):
        raise BadValueError("has no port after its colon", "a port has digits only, or is *")
    return host


def _punycode(host: str) -> str:
    try:
        return f"browsers send {shown(host.encode('idna').decode('ascii'))}"
    except UnicodeError:
        return "browsers send it in punycode"


def _location(text: str) -> str:
    if any(char.isspace() for char in header_value(text)):
        raise BadValueError("must not hold spaces", "write %20")
    return text


HEADER_NAME = Text(_header_name, _TCHARS)
METHOD = Text(_token, _TCHARS)
EDITED_NAME = Text(_edited_name, _EDITED)
EDITED_VALUE = Text(_template, _TEMPLATE, may_be_empty=True)
ORIGIN = Text(header_value, _HEADER_VALUE)
RULE_NAME = Text(_name, _NAME)
URL = Text(_url_glob, _URL)
HOST = Text(_host, _HOST)
LOCATION = Text(_location, _LOCATION)
