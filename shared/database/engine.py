"""How a service reaches its own database."""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def create_engine(url: str, pool_size: int, *, application: str) -> AsyncEngine:
    """A pool of connections that notices a dead one before using it.

    `pool_pre_ping` because a restarted PostgreSQL leaves dead connections behind; the short lock wait and
    statement limits keep one stuck request from holding up a whole service.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=10,
        pool_pre_ping=True,
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
