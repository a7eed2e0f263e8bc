"""One transaction, opened at a door and ended there; nobody else can commit."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import CursorResult, Executable, Row
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.basics import crash_points

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Transaction:
    """What an action may do with the database: everything but end the transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._callbacks: list[Callable[[], None]] = []
        # The inbox keeps its reading position in memory during a run of records; whoever writes down what this
        # service had seen (the outbox) must have that position in the table first.
        self.before_append: Callable[[], Awaitable[None]] | None = None

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Run one statement."""
        return await self._connection.execute(statement, parameters)

    async def first(self, statement: Executable, parameters: Parameters | None = None) -> Row[Any] | None:
        """Run one statement and take its first row, if any."""
        return (await self._connection.execute(statement, parameters)).first()

    async def scalar(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        """Run one statement and take the first value of its first row, if any."""
        return (await self._connection.execute(statement, parameters)).scalar()

    async def all(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row[Any]]:
        """Run one statement and take all its rows."""
        return (await self._connection.execute(statement, parameters)).all()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo only what happens inside if it fails."""
        async with self._connection.begin_nested():
            yield

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call this once the transaction has been committed; never if it was rolled back."""
        self._callbacks.append(callback)

    def committed(self) -> None:
        """Tell those who asked; called by `transaction` alone."""
        for callback in self._callbacks:
            callback()


@asynccontextmanager
async def transaction(engine: AsyncEngine, place: str = "web") -> AsyncIterator[Transaction]:
    """Open a transaction for the length of the block; leaving it normally commits, an error rolls back.

    `place` names the crash points around the commit (`web`, `inbox`, `relay`, `send`, `fate`, `plan`, `loop`).
    """
    async with engine.connect() as connection:
        tx = Transaction(connection)
        async with connection.begin():
            yield tx
            crash_points.reach(f"{place}.before_commit")
        crash_points.reach(f"{place}.after_commit")
    tx.committed()


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[Transaction]:
    """Look something up, each statement by itself: two round trips less than a transaction around one question.

    Nothing in the block may depend on two statements seeing the same, or on being undone together.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        tx = Transaction(connection)
        yield tx
    tx.committed()


def is_passing_trouble(error: BaseException) -> bool:
    """Whether the database is away or two transactions met, so that trying again may help.

    Source: PostgreSQL 18, appendix A: class 08 connection, 40 rollback, 53 resources, 55P03 lock, 57P operator.
    """
    if isinstance(error, InterfaceError | OperationalError | OSError | TimeoutError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # While connecting, the driver's own errors come through unwrapped; they carry the state themselves.
    state = str(getattr(getattr(error, "orig", error), "sqlstate", "") or "")
    return state[:2] in {"08", "40", "53"} or state[:3] == "57P" or state == "55P03"


class HeldConnection:
    """One connection kept for a while, so that a lock of its session is kept too."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def transaction(self, place: str) -> AsyncIterator[Transaction]:
        """Open a transaction on this very connection; crash points as in `transaction`."""
        tx = Transaction(self._connection)
        async with self._connection.begin():
            yield tx
            crash_points.reach(f"{place}.before_commit")
        crash_points.reach(f"{place}.after_commit")
        tx.committed()


@asynccontextmanager
async def held_connection(engine: AsyncEngine) -> AsyncIterator[HeldConnection]:
    """Hold one connection; it is closed at the end, never pooled, so no lock of its session outlives the block."""
    async with engine.connect() as connection:
        try:
            yield HeldConnection(connection)
        finally:
            await connection.invalidate()
