"""The door for staff: sign in, sign out. Unknown login, wrong password and closed account look the same."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from shared.database.session import transaction
from shared.observability.logs import get_log
from shared.observability.metrics import sign_ins
from shared.security.accounts import find_account_by_login, has_right_password, strengthen_verifier
from shared.security.scope import Scope
from shared.security.sessions import AGE_LIMIT, begin_session, cookie_name, end_session
from shared.security.sign_in_throttle import count_failure, forget_failures, is_throttled, subjects
from shared.settings import Environment
from shared.web.error_responses import SHARED_TEXTS
from shared.web.languages import translate
from shared.web.parts import ServiceParts, parts_of
from shared.web.routes import ANY_STAFF, declare, public
from shared.web.templates import render

router = APIRouter()
_log = get_log("sign_in")


@router.get("/sign-in")
@public("the door itself")
async def show_sign_in(request: Request, next: str = "") -> Response:  # noqa: A002  (the address says `next`)
    """The form."""
    return _form(request, "", _safe_target(request, next))


@router.post("/sign-in")
@public("the door itself; guesses are counted per account and address")
async def sign_in(
    request: Request,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "",  # noqa: A002
) -> Response:
    """Begin a session, always with a fresh token, and go where the person wanted to go."""
    parts = parts_of(request)
    target = _safe_target(request, next)
    token_or_code = await _try(request, parts, login, password)
    if token_or_code in SHARED_TEXTS:
        sign_ins.labels(token_or_code).inc()
        _log.info("sign_in_failed", code=token_or_code)
        status = 429 if token_or_code == "sign_in_throttled" else 422  # noqa: S105  (a code, not a secret)
        return _form(request, login, target, translate(request, SHARED_TEXTS[token_or_code]), status)
    sign_ins.labels("ok").inc()
    response = RedirectResponse(target, 303)
    response.set_cookie(
        cookie_name(parts.name),
        token_or_code,
        max_age=int(AGE_LIMIT.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/sign-out")
@declare(roles=ANY_STAFF, scope=Scope.OWN)
async def sign_out(request: Request) -> Response:
    """End the session on the server, then forget the cookie."""
    parts = parts_of(request)
    await _end_presented_session(request, parts)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(cookie_name(parts.name), path="/", secure=True, httponly=True, samesite="lax")
    return response


async def _try(request: Request, parts: ServiceParts, login: str, password: str) -> str:
    counted = subjects(parts.keys.index_key, login, _address(request))
    real_now = parts.real_clock.now()
    async with transaction(parts.engine) as tx:
        if await is_throttled(tx, counted, real_now):
            return "sign_in_throttled"
        account = await find_account_by_login(tx, login)
    # Outside any transaction: hashing takes a while, and no connection should wait for it.
    is_right = await has_right_password(account, password)
    async with transaction(parts.engine) as tx:
        if account is None or not is_right:
            await count_failure(tx, counted, real_now)
            return "sign_in_wrong"
        await forget_failures(tx, counted)
        await strengthen_verifier(tx, account, password)
        token = await begin_session(tx, account.account_id, real_now)
    await _end_presented_session(request, parts)
    return token


async def _end_presented_session(request: Request, parts: ServiceParts) -> None:
    presented = request.cookies.get(cookie_name(parts.name))
    if presented:
        async with transaction(parts.engine) as tx:
            await end_session(tx, presented)


def _form(request: Request, login: str, target: str, problem: str = "", status: int = 200) -> Response:
    parts = parts_of(request)
    context = {
        "login": login,
        "target": target,
        "problem": problem,
        "is_demo": parts.settings.environment is Environment.DEMO,
    }
    return render(request, "sign_in.html", context, status=status)


def _safe_target(request: Request, target: str) -> str:
    # Only a path of our own: no other site, no scheme, no `//host` and no `/\host`.
    is_own = target.startswith("/") and not target.startswith(("//", "/\\")) and not urlsplit(target).netloc
    if is_own and target.isprintable() and not target.startswith("/sign-"):
        return target
    return parts_of(request).home_path


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"
