"""How a refusal reaches a person: a page that says what to do next, or JSON with a stable code."""

from collections.abc import Mapping
from typing import ClassVar, Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from shared.basics.errors import BaimiError
from shared.database.session import is_passing_trouble
from shared.observability.logs import get_log
from shared.security.roles import STAFF_ROLES
from shared.web.languages import mark, translate
from shared.web.routes import declaration_of
from shared.web.templates import render

_log = get_log("web")

_STATUS: Final[Mapping[str, int]] = {
    "refused": 409,
    "not_found": 404,
    "not_allowed": 403,
    "unavailable": 503,
    "malformed": 422,
}

# Texts every service needs; its own come with ServiceParts.error_texts.
SHARED_TEXTS: Final[Mapping[str, str]] = {
    "not_found": mark("There is nothing here, or nothing you may see."),
    "not_signed_in": mark("Please sign in first."),
    "role_may_not": mark("Your role does not allow this."),
    "cross_site_request": mark("This request came from another site and was stopped."),
    "idempotency_key_missing": mark("The form was incomplete. Open the page again and repeat your entry."),
    "idempotency_key_malformed": mark("The form was incomplete. Open the page again and repeat your entry."),
    "idempotency_key_reused": mark("This form was sent before with other entries. Open the page again."),
    "request_still_running": mark("The same request is still being worked on. Look again in a moment."),
    "try_again": mark("Part of the system is away for a moment. Nothing was lost; please try again."),
    "malformed": mark("Something in the entry cannot be read. Please check it."),
    "too_large": mark("What was sent is too large."),
    "method_not_allowed": mark("This address cannot be used in this way."),
    "internal": mark("Something went wrong on our side. It has been written down."),
    "sign_in_wrong": mark("Sign-in name or password is wrong."),
    "sign_in_throttled": mark("Too many attempts. Wait a quarter of an hour, then try again."),
    "password_too_short": mark("The password needs at least %(min_length)s characters."),
    "password_too_long": mark("The password may have at most %(max_length)s characters."),
    "password_too_common": mark("This password is too easy to guess. Choose another."),
    "ticket_invalid": mark("This link has been used or is too old. Go back and open it again."),
    "still_cannot_apply": mark("It still cannot be applied: %(reason)s"),
    "parked_event_unknown": mark("There is no such event any more."),
    "data_key_destroyed": mark("The data of this household has been removed."),
    "data_key_missing": mark("The data of this household is not here."),
}

_TITLES: Final[Mapping[int, str]] = {
    401: mark("Please sign in"),
    403: mark("Not allowed"),
    404: mark("Not found"),
    405: mark("Not possible"),
    409: mark("Not possible as asked"),
    413: mark("Too large"),
    422: mark("Please check your entry"),
    500: mark("Something went wrong"),
    503: mark("One moment"),
}
# For a code that nobody worded.
_FAMILY_TEXTS: Final[Mapping[str, str]] = {
    "refused": _TITLES[409],
    "not_allowed": _TITLES[403],
    "not_found": SHARED_TEXTS["not_found"],
    "unavailable": SHARED_TEXTS["try_again"],
    "malformed": SHARED_TEXTS["malformed"],
}
_NEXT_STEPS: Final[Mapping[int, str]] = {
    401: mark("Sign in, then open the page again."),
    403: mark("Ask your administrator if you need this page for your work."),
    404: mark("Check the address, or start again from the first page."),
    405: mark("Go back and use the buttons of the page."),
    409: mark("Go back, look at how things stand now, and decide again."),
    413: mark("Split it, or send a smaller file."),
    422: mark("Go back; your entries are still there."),
    500: mark("Go back and try once more. If it happens again, tell the person in charge the number below."),
    503: mark("Wait half a minute and load the page again."),
}


class Malformed(BaimiError):
    """What was sent cannot be read as what it should be. HTTP 422; raised at doors only."""

    family: ClassVar[str] = "malformed"


def error_text(request: Request, error: BaimiError) -> str:
    """What to tell a person about this refusal, in the language of the request."""
    own: Mapping[str, str] = request.app.state.parts.error_texts
    known = own.get(error.code) or SHARED_TEXTS.get(error.code)
    if known is None:
        known = _FAMILY_TEXTS.get(error.family, SHARED_TEXTS["internal"])
        _log.warning("error_without_text", code=error.code)
    text = translate(request, known)
    try:
        return text % error.data if error.data else text
    except (KeyError, TypeError, ValueError):
        return text


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page, rather than a program for JSON."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def add_error_responses(app: FastAPI) -> None:
    """Make every refusal, bad entry and bug answer properly."""
    app.add_exception_handler(BaimiError, _answer_refusal)
    app.add_exception_handler(RequestValidationError, _answer_malformed)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_bug)


async def _answer_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, BaimiError)  # noqa: S101  (registered for this class alone)
    status = 401 if error.code == "not_signed_in" else _STATUS.get(error.family, 409)
    if status == 401 and wants_page(request) and request.app.state.parts.has_staff:
        return _to_sign_in(request)
    body = {"code": error.code, "message": error_text(request, error), **_plain(error.data)}
    return _answer(request, status, body)


async def _answer_malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    # Where it is wrong, never what was sent: the input may be a name or a number.
    fields = [{"field": ".".join(str(p) for p in e["loc"][1:]), "problem": e["type"]} for e in error.errors()]
    body = {"code": "malformed", "message": translate(request, SHARED_TEXTS["malformed"]), "fields": fields}
    return _answer(request, 422, body)


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 422: "malformed"}.get(
        error.status_code, "malformed" if error.status_code < 500 else "internal"
    )
    body = {"code": code, "message": translate(request, SHARED_TEXTS[code])}
    return _answer(request, error.status_code, body)


async def _answer_bug(request: Request, error: Exception) -> Response:
    if is_passing_trouble(error):
        _log.warning("database_away", exc_info=error)
        return _answer(
            request, 503, {"code": "try_again", "message": translate(request, SHARED_TEXTS["try_again"])}
        )
    _log.error("bug", method=request.method, route=_route(request), exc_info=error)
    return _answer(request, 500, {"code": "internal", "message": translate(request, SHARED_TEXTS["internal"])})


def _answer(request: Request, status: int, body: Mapping[str, object]) -> Response:
    headers = {"retry-after": "5"} if status == 503 else {}
    if not wants_page(request):
        return JSONResponse({"error": body}, status, headers=headers)
    trouble_page = request.app.state.parts.trouble_page
    own_page: Response | None = trouble_page(request, status) if trouble_page and status >= 500 else None
    if own_page is not None:
        own_page.headers.update(headers)
        return own_page
    shown = status if status in _TITLES else (500 if status >= 500 else 422)
    page = {
        "title": translate(request, _TITLES[shown]),
        "message": body["message"],
        "next_step": translate(request, _NEXT_STEPS[shown]),
        "shows_number": status >= 500,
    }
    response = render(request, "error.html", page, status=status)
    response.headers.update(headers)
    return response


def _to_sign_in(request: Request) -> Response:
    declaration = declaration_of(request.scope["route"].endpoint)
    guest_door = request.app.state.parts.guest_door
    if guest_door and declaration is not None and not declaration.roles & STAFF_ROLES:
        return RedirectResponse(guest_door, 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = f"/sign-in?next={quote(wanted)}" if request.method == "GET" else "/sign-in"
    return RedirectResponse(target, 303)


def _plain(data: Mapping[str, object]) -> dict[str, object]:
    return {k: v if isinstance(v, str | int | float | bool | None) else str(v) for k, v in data.items()}


def _route(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", "unmatched"))
