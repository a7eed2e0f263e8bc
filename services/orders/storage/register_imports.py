"""What each import of a register did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from services.orders.storage.tables import register_imports
from shared.database.session import Transaction


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a register's rows. Rejected rows and warnings say where and why, never what stood there."""

    import_id: str
    imported_at: datetime
    imported_by: str
    registered: int
    changed: int
    unchanged: int
    rejected: Sequence[Mapping[str, Any]]
    warnings: Sequence[Mapping[str, Any]]

    @property
    def accepted(self) -> int:
        """How many rows stand for a household now."""
        return self.registered + self.changed + self.unchanged


async def insert_report(tx: Transaction, report: ImportReport) -> None:
    """Keep a report."""
    await tx.execute(
        insert(register_imports).values(
            import_id=report.import_id,
            imported_at=report.imported_at,
            imported_by=report.imported_by,
            registered=report.registered,
            changed=report.changed,
            unchanged=report.unchanged,
            rejected=[dict(entry) for entry in report.rejected],
            warnings=[dict(entry) for entry in report.warnings],
        )
    )


async def find_report(tx: Transaction, import_id: str, imported_by: str) -> ImportReport | None:
    """One of somebody's own reports."""
    row = await tx.first(
        select(register_imports).where(
            register_imports.c.import_id == import_id, register_imports.c.imported_by == imported_by
        )
    )
    return None if row is None else _report(row)


async def latest_reports(tx: Transaction, imported_by: str) -> list[ImportReport]:
    """Somebody's last ten reports, newest first."""
    rows = await tx.all(
        select(register_imports)
        .where(register_imports.c.imported_by == imported_by)
        .order_by(register_imports.c.imported_at.desc(), register_imports.c.import_id.desc())
        .limit(10)
    )
    return [_report(row) for row in rows]


def _report(row: Row[Any]) -> ImportReport:
    return ImportReport(
        row.import_id,
        row.imported_at,
        row.imported_by,
        row.registered,
        row.changed,
        row.unchanged,
        row.rejected,
        row.warnings,
    )
