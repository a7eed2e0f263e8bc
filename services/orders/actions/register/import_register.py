"""A register's rows become compounds' buildings, then households, so many in a transaction.

The door opens the transactions: one for the buildings, one for each run of households, one for the report. Each
is harmless to repeat, so an import that died in the middle is simply sent again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.orders.actions.estate.register_buildings import NamedEntrance, register_buildings
from services.orders.actions.office import Asker, Office
from services.orders.actions.register.write_households import PlacedRow, Written, write_households
from services.orders.domain.door import Door, compound_key
from services.orders.domain.household import (
    HouseholdFacts,
    HouseholdRefused,
    Need,
    Person,
    Place,
    check_facts,
)
from services.orders.intake.registers.reading import RegisterReading, RegisterRow
from services.orders.storage import estate, register_imports
from services.orders.storage.estate import Compound
from services.orders.storage.register_imports import ImportReport
from shared.database.session import Transaction

# Locks are held for well under a second, and the loop serves others between two runs.
RUN: Final = 200
_DEFAULT_LANGUAGE: Final = "zh"


@dataclass(frozen=True, slots=True)
class RowTrouble:
    """A row that cannot become a household: where it stands, and why. What stood there is not repeated."""

    sheet: str | None
    row: int
    column: str
    reason: str
    compound: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedRow:
    """A row whose compound is known."""

    row: RegisterRow
    entrance: NamedEntrance


@dataclass(frozen=True, slots=True)
class Resolution:
    """Rows that can go on, and those that cannot."""

    rows: tuple[ResolvedRow, ...]
    troubles: tuple[RowTrouble, ...]


async def resolve_register(tx: Transaction, asker: Asker, reading: RegisterReading) -> Resolution:
    """Find each row's compound among those of the zones the asker sees.

    A row without a compound is taken when there is only one. Rows of unknown or ambiguous compounds, and rows
    whose facts cannot be, are reported and left out.
    """
    by_key: dict[str, list[Compound]] = {}
    known = await estate.list_compounds(tx, asker.sight)
    for compound in known:
        by_key.setdefault(compound_key(compound.name), []).append(compound)
    rows: list[ResolvedRow] = []
    troubles: list[RowTrouble] = []
    for row in reading.accepted:
        fitting = known if row.compound is None else by_key.get(compound_key(row.compound), [])
        trouble = _trouble(row, len(fitting)) or _facts_trouble(row)
        if trouble is None:
            rows.append(ResolvedRow(row, NamedEntrance(fitting[0], row.building, row.entrance)))
        else:
            troubles.append(trouble)
    return Resolution(tuple(rows), tuple(troubles))


async def import_buildings(
    tx: Transaction, office: Office, rows: Sequence[ResolvedRow]
) -> dict[tuple[str, str, str], Place]:
    """Make sure all buildings and entrances of the register exist; says where each entrance is."""
    return await register_buildings(tx, office, (row.entrance for row in rows))


async def import_run(
    tx: Transaction, office: Office, rows: Sequence[ResolvedRow], places: dict[tuple[str, str, str], Place]
) -> Written:
    """Write one run of households down. A second time nothing is written and nobody is told."""
    placed = [
        PlacedRow(
            places[row.entrance.key],
            Door(row.entrance.compound.name, row.row.building, row.row.entrance, row.row.room),
            facts_of(row.row),
        )
        for row in rows
    ]
    return await write_households(tx, office, placed)


async def report_import(
    tx: Transaction,
    office: Office,
    asker: Asker,
    read: tuple[RegisterReading, Resolution],
    written: Sequence[Written],
) -> ImportReport:
    """Keep what became of every row, by place and reason."""
    reading, resolution = read
    rejected = [
        *({"sheet": r.sheet, "row": r.row, "column": r.column, "reason": r.reason} for r in reading.rejected),
        *(
            {"sheet": t.sheet, "row": t.row, "column": t.column, "reason": t.reason, "compound": t.compound}
            for t in resolution.troubles
        ),
    ]
    report = ImportReport(
        import_id=office.new_id(),
        imported_at=office.clock.now(),
        imported_by=asker.account_id,
        registered=sum(run.registered for run in written),
        changed=sum(run.changed for run in written),
        unchanged=sum(run.unchanged for run in written),
        rejected=rejected,
        warnings=[{"sheet": w.sheet, "row": w.row, "reason": w.reason} for w in reading.warnings],
    )
    await register_imports.insert_report(tx, report)
    return report


def runs(rows: Sequence[ResolvedRow]) -> Iterator[Sequence[ResolvedRow]]:
    """Cut rows into runs, entrance by entrance, so that two runs seldom lock the same doors."""
    ordered = sorted(rows, key=lambda row: row.entrance.key)
    for start in range(0, len(ordered), RUN):
        yield ordered[start : start + RUN]


def facts_of(row: RegisterRow) -> HouseholdFacts:
    """A row's facts in our words; who said nothing about language gets Chinese."""
    return HouseholdFacts(
        floor=row.floor,
        residents=row.residents,
        pets=row.pets,
        language=row.language or _DEFAULT_LANGUAGE,
        needs=frozenset(Need(need) for need in row.needs),
        people=tuple(Person(contact.name, contact.phone) for contact in row.contacts),
    )


def _trouble(row: RegisterRow, fitting: int) -> RowTrouble | None:
    if fitting == 1:
        return None
    if row.compound is None:
        return RowTrouble(row.sheet, row.row, "", "compound_missing")
    reason = "compound_unknown" if fitting == 0 else "compound_ambiguous"
    return RowTrouble(row.sheet, row.row, "", reason, row.compound)


def _facts_trouble(row: RegisterRow) -> RowTrouble | None:
    try:
        check_facts(facts_of(row))
    except HouseholdRefused as refusal:
        return RowTrouble(row.sheet, row.row, "", refusal.code)
    return None
