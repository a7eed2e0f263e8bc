"""The register comes in as a workbook: good rows become households, bad ones are listed with the reason."""

import asyncio
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import UploadFile

from services.orders.actions.office import Asker, Office
from services.orders.actions.register.import_register import (
    import_buildings,
    import_run,
    report_import,
    resolve_register,
    runs,
)
from services.orders.intake.registers.read_register import read_register
from services.orders.intake.registers.reading import RegisterReading
from services.orders.pages.asked import office_of, shown_error, status_of
from services.orders.pages.words import ROW_TEXTS
from services.orders.storage import households, register_imports
from services.orders.storage.register_imports import ImportReport
from shared.basics.errors import BaimiError, Unavailable
from shared.database.session import transaction
from shared.security.roles import Role
from shared.security.scope import Scope, visible_communities
from shared.web.error_responses import Malformed, wants_page
from shared.web.idempotency import Answer, Engine, answer_once, claim, see_other
from shared.web.parts import parts_of
from shared.web.request_keys import GivenKey, respond
from shared.web.routes import CurrentActor, Parts, declare
from shared.web.templates import render

router = APIRouter()
MOST_BYTES: Final = 30_000_000
# How long topics keep what was sealed under a destroyed key (design 4).
TOPICS_KEEP: Final = timedelta(hours=72)


@router.get("/register")
@declare(roles=(Role.OPERATOR,), scope=Scope.OWN)
async def show_register(request: Request, actor: CurrentActor, report: str = "") -> Response:
    """The form, and what became of this person's imports."""
    return await _page(request, actor.account_id, report, None)


@router.post("/register/import", max_body_size=MOST_BYTES)
@declare(roles=(Role.OPERATOR,), scope=Scope.COMMUNITY)
async def submit_register(request: Request, actor: CurrentActor, parts: Parts, key: GivenKey) -> Response:
    """Read a register and write its households down, a run at a time; sending it again changes nothing."""
    asker, office = Asker.of(actor), office_of(parts)
    async with transaction(parts.engine) as tx:
        before = await claim(tx, key)
    if before is not None:
        return respond(before)
    try:
        reading = await _read(request)
        report = await _import(parts.engine, office, asker, reading)
    except BaimiError as error:
        if not wants_page(request) or isinstance(error, Unavailable):
            raise
        return await _page(request, actor.account_id, "", error)

    async def work(_: object) -> Answer:
        # A repeated request gets the figures; the cells' values were for the first answer alone.
        to_page = see_other(f"/register?report={report.import_id}")
        return to_page if wants_page(request) else Answer(200, _figures(report))

    answer = await answer_once(parts.engine, key, parts.real_clock.now(), work)
    return respond(answer) if answer.status == 303 else JSONResponse(_summary(report, reading))


@router.get("/removals")
@declare(roles=(Role.ADMINISTRATOR,), scope=Scope.COMMUNITY)
async def show_removals(request: Request, actor: CurrentActor, parts: Parts) -> Response:
    """Removed households by id alone, and when the last trace is gone."""
    visible_communities(actor)
    async with transaction(parts.engine) as tx:
        removed = await households.list_removed(tx)
    now = parts.clock.now()
    rows = [
        {"id": household_id, "removed_at": at, "gone_at": at + TOPICS_KEEP, "is_gone": at + TOPICS_KEEP <= now}
        for household_id, at in removed
    ]
    return render(request, "removals.html", {"rows": rows})


async def _read(request: Request) -> RegisterReading:
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Malformed("file_missing")
    content = await file.read()
    # The file is opened in a child process; waiting for it must not hold the loop.
    return await asyncio.to_thread(read_register, content)


async def _import(engine: Engine, office: Office, asker: Asker, reading: RegisterReading) -> ImportReport:
    async with transaction(engine) as tx:
        resolution = await resolve_register(tx, asker, reading)
    async with transaction(engine) as tx:
        places = await import_buildings(tx, office, resolution.rows)
    written = []
    for run in runs(resolution.rows):
        async with transaction(engine) as tx:
            written.append(await import_run(tx, office, run, places))
        # Let calls waiting at the desk go first.
        await asyncio.sleep(0)
    async with transaction(engine) as tx:
        return await report_import(tx, office, asker, (reading, resolution), written)


def _summary(report: ImportReport, reading: RegisterReading) -> dict[str, Any]:
    """What programs get; the values of rejected cells go to the person who sent them and are kept nowhere."""
    values = {(r.sheet, r.row, r.column, r.reason): r.value for r in reading.rejected}
    rejected = [
        {**row, "value": values.get((row["sheet"], row["row"], row["column"], row["reason"]), "")}
        for row in report.rejected
    ]
    return {**_figures(report), "rejected": rejected, "sheets_read": list(reading.sheets_read)}


def _figures(report: ImportReport) -> dict[str, Any]:
    return {
        "import_id": report.import_id,
        "accepted": report.accepted,
        "registered": report.registered,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "rejected": list(report.rejected),
        "warnings": list(report.warnings),
    }


async def _page(request: Request, account_id: str, import_id: str, error: BaimiError | None) -> Response:
    async with transaction(parts_of(request).engine) as tx:
        report = await register_imports.find_report(tx, import_id, account_id) if import_id else None
        latest = await register_imports.latest_reports(tx, account_id)
    page = {
        "report": report,
        "latest": latest,
        "row_texts": ROW_TEXTS,
        "errors": [] if error is None else [shown_error(request, error)],
    }
    return render(request, "register.html", page, status=200 if error is None else status_of(error))
