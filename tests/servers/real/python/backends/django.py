"""Django's application.

Its settings are the process's: each request has those of its port while it is answered.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import django
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from django.utils.cache import patch_vary_headers
from django.views import View

from .wsgi import serve

__all__ = ["application", "serve"]


def _view(answer: Any) -> Any:
    """A view that answers all methods alike, but for OPTIONS, which is Django's own."""
    methods = ("get", "post", "put", "delete", "patch")
    handlers = {method: staticmethod(answer) for method in methods}
    answering: Any = type("Answering", (View,), handlers)
    return answering.as_view()


def _ok(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def _status(_request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponse("status", status=status)


def _vary(_request: HttpRequest, lines: str) -> HttpResponse:
    response = HttpResponse("vary")
    for line in lines.split("+"):
        patch_vary_headers(response, [line])
    return response


def _own(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("own", headers={"Access-Control-Allow-Origin": "https://own.test"})


def _own_names(_request: HttpRequest, names: str) -> HttpResponse:
    return HttpResponse("own", headers=dict.fromkeys(names.split("+"), "own"))


def _crash(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("crash")


def _thrown(_request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["corsheaders"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
)
django.setup()
urlpatterns = [
    path("ok", _view(_ok)),
    path("status/<int:status>", _view(_status)),
    path("vary/<lines>", _view(_vary)),
    path("own", _view(_own)),
    path("own/<names>", _view(_own_names)),
    path("crash", _view(_crash)),
    path("thrown", _view(_thrown)),
]
_one_at_a_time = threading.Lock()


def application(config: str | None) -> Any:
    """The application, with the configuration if there is one, once Django's checks pass it."""
    configured: dict[str, Any] = {"INSTALLED_APPS": [], "MIDDLEWARE": []}
    exec(config or "", configured)
    own = {name: value for name, value in configured.items() if name.startswith("CORS_")}
    with override_settings(MIDDLEWARE=configured["MIDDLEWARE"], **own):
        if errors := run_checks():
            raise ImproperlyConfigured(str(errors[0]))
        handler = WSGIHandler()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with _one_at_a_time, override_settings(**own):
            answered: Iterable[bytes] = handler(environ, start_response)
            return answered

    return answer
