"""A pool over a real PostgreSQL whose connections are ended under it."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database.engine import create_engine
from shared.database.session import is_passing_trouble, transaction
from shared.testing.eventually import eventually
from shared.testing.servers import FreshDatabase


async def test_connections_that_died_while_idle_are_replaced_unseen(
    fresh_database: Callable[[str], FreshDatabase],
) -> None:
    url = fresh_database("notify").url
    engine, other = create_engine(url, 2, application="test"), create_engine(url, 2, application="test")
    async with transaction(engine) as tx:
        first = await tx.scalar(text("SELECT pg_backend_pid()"))
    # The server is lent to the whole run: ending one session is what a restart does to this pool.
    async with transaction(other) as tx:
        assert await tx.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
    await other.dispose()

    async def answers() -> bool:
        try:
            async with transaction(engine) as tx:
                return await tx.scalar(text("SELECT pg_backend_pid()")) != first
        except (DBAPIError, OSError) as error:
            # Within its first second a dead connection may be handed out once: passing trouble, tried again.
            if not is_passing_trouble(error):
                raise
            return False

    await eventually(answers)
    await engine.dispose()


async def test_a_refused_password_is_no_passing_trouble(fresh_database: Callable[[str], FreshDatabase]) -> None:
    database = fresh_database("notify")
    wrong = database.url.replace("://notify:", "://notify:wrong")
    engine = create_engine(wrong, 2, application="test")

    async def ask() -> None:
        async with transaction(engine) as tx:
            await tx.scalar(text("SELECT 1"))

    with pytest.raises(Exception, match="password authentication failed") as refusal:
        await ask()
    assert not is_passing_trouble(refusal.value)
    await engine.dispose()


@pytest.mark.parametrize(
    ("state", "passes"),
    [("57P03", True), ("08003", True), ("40P01", True), ("53300", True), ("23505", False), ("28P01", False)],
)
def test_an_error_of_the_driver_itself_is_judged_by_its_state(state: str, passes: bool) -> None:
    class DriverError(Exception):
        sqlstate = state

    assert is_passing_trouble(DriverError()) is passes
