"""Zones and how closed they are, and which buildings are not clean."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from services.orders.actions.estate.change_handling import HandlingChange, change_handling
from services.orders.actions.estate.change_zone import change_zone
from services.orders.actions.estate.declare_zone import Declaration, declare_zone
from services.orders.actions.office import Asker, Office
from services.orders.domain.zone import ClassChange, Handling, ZoneClass, class_on
from services.orders.pages.asked import (
    Entries,
    office_of,
    read_choice,
    read_entries,
    read_moment,
    read_names,
    shown_error,
    status_of,
)
from services.orders.pages.words import HANDLINGS, ZONE_CLASSES
from services.orders.storage import estate
from shared.basics.errors import BaimiError, Unavailable
from shared.database.session import Transaction, transaction
from shared.security.roles import Role
from shared.security.scope import Scope
from shared.web.error_responses import wants_page
from shared.web.idempotency import Answer, answer_once, see_other
from shared.web.parts import parts_of
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import ANY_STAFF, CurrentActor, Parts, declare
from shared.web.templates import render

router = APIRouter()


@router.get("/zones")
@declare(roles=ANY_STAFF, scope=Scope.COMMUNITY)
async def show_zones(request: Request, actor: CurrentActor) -> Response:
    """The zones this person may see."""
    return await _page(request, Asker.of(actor), {}, None)


@router.post("/zones")
@declare(roles=(Role.OFFICER,), scope=Scope.COMMUNITY)
async def submit_zone(request: Request, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """Declare a zone."""
    asker, office = Asker.of(actor), office_of(parts)
    entries = await read_entries(request)

    async def work(tx: Transaction) -> Answer:
        declaration = Declaration(
            community=entries.get("community", "").strip(),
            grid=entries.get("grid", "").strip(),
            name=entries.get("name", "").strip(),
            compounds=read_names(entries.get("compounds", "")),
            change=_change(entries, office),
        )
        await declare_zone(tx, office, asker, declaration)
        return see_other("/zones")

    try:
        return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))
    except BaimiError as error:
        return await _refused(request, asker, entries, error)


@router.post("/zones/{zone_id}/class")
@declare(roles=(Role.OFFICER,), scope=Scope.COMMUNITY)
async def submit_class(
    request: Request, actor: CurrentActor, parts: Parts, key: GivenKey, zone_id: str
) -> Response:
    """Change how closed a zone is."""
    asker, office = Asker.of(actor), office_of(parts)
    entries = await read_entries(request)

    async def work(tx: Transaction) -> Answer:
        await change_zone(tx, office, asker, zone_id, _change(entries, office))
        return see_other("/zones")

    try:
        return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))
    except BaimiError as error:
        return await _refused(request, asker, {}, error)


@router.post("/buildings/handling")
@declare(roles=(Role.OFFICER,), scope=Scope.COMMUNITY)
async def submit_handling(request: Request, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """Say whether a building is clean."""
    asker, office = Asker.of(actor), office_of(parts)
    entries = await read_entries(request)

    async def work(tx: Transaction) -> Answer:
        change = HandlingChange(
            entries.get("compound", "").strip(),
            entries.get("building", "").strip(),
            read_choice(Handling, entries.get("handling", "")),
        )
        await change_handling(tx, office, asker, change)
        return see_other("/zones")

    try:
        return respond(await answer_once(parts.engine, key, parts.real_clock.now(), work))
    except BaimiError as error:
        return await _refused(request, asker, {}, error)


def _change(entries: Entries, office: Office) -> ClassChange:
    valid_from = entries.get("valid_from", "").strip()
    return ClassChange(
        read_choice(ZoneClass, entries.get("zone_class", "")),
        read_moment(valid_from, office.local_zone) if valid_from else office.clock.now(),
    )


async def _refused(request: Request, asker: Asker, entries: Entries, error: BaimiError) -> Response:
    if not wants_page(request) or isinstance(error, Unavailable):
        raise error
    return await _page(request, asker, entries, error)


async def _page(request: Request, asker: Asker, entries: Entries, error: BaimiError | None) -> Response:
    parts = parts_of(request)
    async with transaction(parts.engine) as tx:
        found = await estate.list_zones(tx, asker.sight)
    today = parts.clock.now().astimezone(parts.settings.zone()).date()
    if not wants_page(request):
        return JSONResponse({"zones": [_zone(one) for one in found]})
    page = {
        "overviews": [(one, class_on(today, one.changes, parts.settings.zone())) for one in found],
        "may_change": asker.actor.has_role(Role.OFFICER),
        "classes": list(ZONE_CLASSES.items()),
        "handlings": list(HANDLINGS.items()),
        "entries": entries,
        "errors": [] if error is None else [shown_error(request, error)],
    }
    return render(request, "zones.html", page, status=200 if error is None else status_of(error))


def _zone(one: estate.ZoneOverview) -> dict[str, object]:
    return {
        "zone_id": one.zone.zone_id,
        "community": one.zone.community,
        "grid": one.zone.grid,
        "name": one.zone.name,
        "compounds": list(one.compounds),
        "buildings": one.buildings,
        "classes": [
            {"zone_class": change.zone_class.value, "valid_from": change.valid_from.isoformat()}
            for change in one.changes
        ],
    }
