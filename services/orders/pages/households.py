"""New households, corrected ones, and removal."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.orders.actions.office import Asker
from services.orders.actions.register.change_household import change_household
from services.orders.actions.register.find_households import show_household
from services.orders.actions.register.register_household import NewHousehold, register_household
from services.orders.actions.register.remove_household import remove_household
from services.orders.domain.door import Door
from services.orders.domain.household import Household, HouseholdFacts, Need, Person
from services.orders.pages.asked import (
    Entries,
    office_of,
    read_entries,
    read_number,
    shown_error,
    status_of,
)
from services.orders.pages.words import LANGUAGE_NAMES, NEEDS
from services.orders.storage import estate
from shared.basics.errors import BaimiError, NotFound, Unavailable
from shared.database.session import Transaction, transaction
from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.error_responses import Malformed, wants_page
from shared.web.idempotency import Answer, answer_once, see_other
from shared.web.parts import parts_of
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import CurrentActor, Parts, declare
from shared.web.templates import render

router = APIRouter()
_PEOPLE = 3


@router.get("/households/new")
@declare(roles=(Role.OPERATOR,), scope=Scope.HOUSEHOLD)
async def show_new(request: Request, actor: CurrentActor) -> Response:
    """The form for a household that stands in no register."""
    return await _form(request, Asker.of(actor), {}, "")


@router.post("/households")
@declare(roles=(Role.OPERATOR,), scope=Scope.HOUSEHOLD)
async def submit_new(request: Request, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """Register a household."""
    asker, office = Asker.of(actor), office_of(parts)
    entries = await read_entries(request)

    async def work(tx: Transaction) -> Answer:
        door = Door(
            entries.get("compound", ""),
            entries.get("building", "").strip(),
            entries.get("entrance", "").strip() or None,
            entries.get("room", "").strip(),
        )
        household_id = await register_household(tx, office, asker, NewHousehold(door, _facts(entries)))
        return see_other(f"/desk/households/{household_id}")

    try:
        return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))
    except BaimiError as error:
        return await _refused(request, asker, entries, "", error)


@router.get("/households/{household_id}/change")
@declare(roles=(Role.OPERATOR,), scope=Scope.HOUSEHOLD)
async def show_change(request: Request, actor: CurrentActor, parts: Parts, household_id: str) -> Response:
    """The form for correcting a household."""
    asker = Asker.of(actor)
    async with transaction(parts.engine) as tx:
        known = await show_household(tx, office_of(parts), asker, household_id, action="open_to_change")
    return await _form(request, asker, _entries(known), household_id)


@router.post("/households/{household_id}/change")
@declare(roles=(Role.OPERATOR,), scope=Scope.HOUSEHOLD)
async def submit_change(
    request: Request, actor: CurrentActor, parts: Parts, key: GivenKey, household_id: str
) -> Response:
    """Correct a household."""
    asker, office = Asker.of(actor), office_of(parts)
    entries = await read_entries(request)

    async def work(tx: Transaction) -> Answer:
        await change_household(tx, office, asker, household_id, _facts(entries))
        return see_other(f"/desk/households/{household_id}")

    try:
        return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))
    except BaimiError as error:
        return await _refused(request, asker, entries, household_id, error)


@router.post("/households/{household_id}/remove")
@declare(roles=(Role.ADMINISTRATOR,), scope=Scope.HOUSEHOLD)
async def submit_removal(actor: CurrentActor, parts: Parts, key: GivenKey, household_id: str) -> Response:
    """Forget a household. The topics forget it 72 hours later; the register page says when that is."""
    asker, office = Asker.of(actor), office_of(parts)

    async def work(tx: Transaction) -> Answer:
        await remove_household(tx, office, asker, household_id)
        return see_other("/removals")

    return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))


@router.post("/removals")
@declare(roles=(Role.ADMINISTRATOR,), scope=Scope.HOUSEHOLD)
async def submit_removal_form(request: Request, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """Forget the household whose number the desk gave: an administrator sees no doors."""
    entries = await read_entries(request)
    return await submit_removal(actor, parts, key, entries.get("household_id", "").strip())


async def _refused(
    request: Request, asker: Asker, entries: Entries, household_id: str, error: BaimiError
) -> Response:
    if not wants_page(request) or isinstance(error, NotFound | Unavailable):
        raise error
    return await _form(request, asker, entries, household_id, error)


async def _form(
    request: Request, asker: Asker, entries: Entries, household_id: str, error: BaimiError | None = None
) -> Response:
    async with transaction(parts_of(request).engine) as tx:
        known = await estate.list_compounds(tx, asker.sight)
    page: dict[str, Any] = {
        "entries": entries,
        "household_id": household_id,
        "compounds": sorted({compound.name for compound in known}),
        "needs": [(need.value, text) for need, text in NEEDS.items()],
        "languages_spoken": list(LANGUAGE_NAMES.items()),
        "people": range(1, _PEOPLE + 1),
        "errors": [] if error is None else [shown_error(request, error)],
    }
    return render(request, "household.html", page, status=200 if error is None else status_of(error))


def _facts(entries: Entries) -> HouseholdFacts:
    people = [
        Person(entries.get(f"name_{n}", "").strip() or None, _phone(entries.get(f"phone_{n}", "")))
        for n in range(1, _PEOPLE + 1)
        if entries.get(f"name_{n}", "").strip() or entries.get(f"phone_{n}", "").strip()
    ]
    return HouseholdFacts(
        floor=_count(entries, "floor"),
        residents=_count(entries, "residents"),
        pets=_count(entries, "pets"),
        language=entries.get("language", "") if entries.get("language", "") in LANGUAGE_NAMES else "zh",
        needs=frozenset(need for need in Need if entries.get(f"need_{need.value}")),
        people=tuple(people),
    )


def _count(entries: Entries, name: str) -> int | None:
    text = entries.get(name, "").strip()
    if not text:
        return None
    number = read_number(text, "residents_unreadable")
    if name == "pets" and number < 0:
        raise Malformed("residents_unreadable")
    return number


def _phone(text: str) -> str | None:
    return "".join(sign for sign in text if sign not in " \t") or None


def _entries(known: Household) -> dict[str, str]:
    facts = known.facts
    entries = {
        "door": known.door.full(),
        "floor": "" if facts.floor is None else str(facts.floor),
        "residents": "" if facts.residents is None else str(facts.residents),
        "pets": "" if facts.pets is None else str(facts.pets),
        "language": facts.language,
        **{f"need_{need.value}": "yes" for need in facts.needs},
    }
    for number, person in enumerate(facts.people[:_PEOPLE], start=1):
        entries[f"name_{number}"] = person.name or ""
        entries[f"phone_{number}"] = person.phone or ""
    return entries
