"""Accounts: who works here, with which roles, where."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from services.orders.actions.staff.change_staff import StaffChange, change_staff
from services.orders.actions.staff.revoke_sessions import revoke_sessions
from services.orders.domain.account import STAFF_ROLES
from services.orders.pages.asked import Entries, office_of, read_entries, read_names, shown_error, status_of
from services.orders.pages.words import ROLES
from shared.basics.errors import BaimiError, Unavailable
from shared.database.session import Transaction, transaction
from shared.security.accounts import list_accounts
from shared.security.passwords import check_new_password, make_verifier
from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.error_responses import wants_page
from shared.web.idempotency import Answer, answer_once, see_other
from shared.web.parts import parts_of
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import Parts, declare
from shared.web.templates import render

router = APIRouter()


@router.get("/staff")
@declare(roles=(Role.ADMINISTRATOR,), scope=Scope.STREET)
async def show_staff(request: Request) -> Response:
    """All accounts of the street."""
    return await _page(request, {}, None)


@router.post("/staff")
@declare(roles=(Role.ADMINISTRATOR,), scope=Scope.STREET)
async def submit_account(request: Request, parts: Parts, key: GivenKey) -> Response:
    """Let somebody in, or change what a known account may do."""
    office = office_of(parts)
    entries = await read_entries(request)
    password = entries.get("password", "")
    try:
        if password:
            check_new_password(password, entries.get("login", ""))
        # Hashing takes a while; neither the loop nor a connection waits for it.
        verifier = await asyncio.to_thread(make_verifier, password) if password else ""

        async def work(tx: Transaction) -> Answer:
            await change_staff(tx, office, _change(entries, verifier))
            return see_other("/staff")

        return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))
    except BaimiError as error:
        if not wants_page(request) or isinstance(error, Unavailable):
            raise
        return await _page(request, entries, error)


@router.post("/staff/{account_id}/revoke")
@declare(roles=(Role.ADMINISTRATOR,), scope=Scope.STREET)
async def submit_revocation(parts: Parts, key: GivenKey, account_id: str) -> Response:
    """End all sessions of an account: here at once, elsewhere when the event arrives, at latest after 12 hours."""
    office = office_of(parts)

    async def work(tx: Transaction) -> Answer:
        await revoke_sessions(tx, office, account_id)
        return see_other("/staff")

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


def _change(entries: Entries, verifier: str) -> StaffChange:
    return StaffChange(
        login=entries.get("login", ""),
        display_name=entries.get("display_name", ""),
        roles=frozenset(read_names(entries.get("roles", ""))),
        communities=frozenset(read_names(entries.get("communities", ""))),
        grids=frozenset(read_names(entries.get("grids", ""))),
        active=entries.get("active", "yes") != "no",
        verifier=verifier,
    )


async def _page(request: Request, entries: Entries, error: BaimiError | None) -> Response:
    async with transaction(parts_of(request).engine) as tx:
        accounts = await list_accounts(tx)
    if not wants_page(request):
        rows = [
            {
                "account_id": account.account_id,
                "login": account.login,
                "display_name": account.display_name,
                "roles": sorted(account.roles),
                "communities": sorted(account.communities),
                "grids": sorted(account.grids),
                "active": account.active,
            }
            for account in accounts
        ]
        return JSONResponse({"accounts": rows})
    page = {
        "accounts": accounts,
        "role_texts": ROLES,
        "roles": [(role, ROLES[role]) for role in STAFF_ROLES],
        "entries": entries,
        "chosen": set(read_names(entries.get("roles", ""))),
        "errors": [] if error is None else [shown_error(request, error)],
    }
    return render(request, "staff.html", page, status=200 if error is None else status_of(error))
