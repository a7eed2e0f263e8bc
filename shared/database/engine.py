"""How a service reaches its own database."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from shared.basics.clock import SystemClock

# A connection used this recently is alive but for the rarest case, which the caller's retry covers; asking each
# time cost two of an order's ten round trips.
_ASK_AFTER_IDLE_S = 1.0


def create_engine(url: str, pool_size: int, *, application: str) -> AsyncEngine:
    """A pool of connections that asks one that has been idle whether it still lives, before using it.

    A restarted PostgreSQL leaves dead connections behind. The short lock wait and statement limits keep one stuck
    request from holding up a whole service.
    """
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=10,
        # An error text with its parameters would carry names and phones into the log.
        hide_parameters=True,
        connect_args={
            "timeout": 5,
            "server_settings": {
                "application_name": application,
                "lock_timeout": "10s",
                "statement_timeout": "60s",
                "idle_in_transaction_session_timeout": "120s",
                # Planning a statement by JIT costs more than any of ours runs.
                "jit": "off",
            },
        },
    )
    _ask_idle_connections(engine)
    return engine


def _ask_idle_connections(engine: AsyncEngine) -> None:
    clock = SystemClock()
    dialect = engine.sync_engine.dialect

    def note_use(_: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["used_at_s"] = clock.monotonic()

    def ask(connection: Any, entry: ConnectionPoolEntry, _: Any) -> None:
        if clock.monotonic() - entry.info.get("used_at_s", 0.0) < _ASK_AFTER_IDLE_S:
            return
        try:
            is_alive = dialect.do_ping(connection)
        except (DBAPIError, dialect.loaded_dbapi.Error, OSError) as error:
            raise DisconnectionError from error
        if not is_alive:
            raise DisconnectionError

    event.listen(engine.sync_engine, "connect", note_use)
    event.listen(engine.sync_engine, "checkin", note_use)
    event.listen(engine.sync_engine, "checkout", ask)
