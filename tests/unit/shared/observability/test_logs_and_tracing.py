"""One id through everything, and no name, number or token in a log line."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from shared.observability.health import Heartbeats, ask_readiness
from shared.observability.logs import configure_logs, describe_error, get_log, redact_path
from shared.observability.tracing import (
    continue_from,
    current_correlation_id,
    current_trace_id,
    current_traceparent,
    new_correlation,
)
from shared.testing.clocks import FakeClock

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure_logs("orders")
    yield written
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def test_work_goes_on_under_the_id_it_began_with() -> None:
    with continue_from("correlation-1", PARENT):
        assert current_correlation_id() == "correlation-1"
        assert current_trace_id() == "0af7651916cd43dd8448eb211c80319c"
        assert current_traceparent().startswith("00-0af7651916cd43dd8448eb211c80319c-")
        assert current_traceparent().split("-")[2] != "b7ad6b7169203331"


@pytest.mark.parametrize("bad", ["", "short", "with blank inside", "x" * 65, "新的编号新的编号", "a\nb-newline"])
def test_a_malformed_correlation_id_is_replaced(bad: str) -> None:
    with continue_from(bad, "00-zz"):
        assert len(current_correlation_id()) == 32
        assert current_traceparent()


def test_two_beginnings_are_two_stories_and_the_outer_one_goes_on() -> None:
    with new_correlation() as outer:
        with new_correlation() as inner:
            assert inner != outer
        assert current_correlation_id() == outer


async def test_tasks_side_by_side_keep_their_own_ids() -> None:
    async def work(name: str) -> str:
        with continue_from(name, ""):
            await asyncio.sleep(0)
            return current_correlation_id()

    names = [f"correlation-{n}" for n in range(20)]
    assert await asyncio.gather(*(work(name) for name in names)) == names


def test_a_log_line_keeps_only_fields_on_the_list(lines: io.StringIO) -> None:
    with continue_from("correlation-1", PARENT):
        get_log("test").info("placed", order_id="o-1", phone="13800000001", name_of_person="王")
    line = json.loads(lines.getvalue())
    assert line["order_id"] == "o-1"
    assert line["correlation_id"] == "correlation-1"
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert line["dropped"] == ["name_of_person", "phone"]
    assert "13800000001" not in lines.getvalue()


def test_an_error_is_logged_without_what_it_quotes(lines: io.StringIO) -> None:
    try:
        _insert_row()
    except ValueError as error:
        get_log("test").error("bug", exc_info=error)
        logging.getLogger("library").warning("told %s", "王建国 13800000001", exc_info=True)
    assert "王" not in lines.getvalue()
    assert "1380" not in lines.getvalue()
    assert "1802" not in lines.getvalue()
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert first["error"]["type"] == "builtins.ValueError"
    assert "_insert_row" in first["error"]["where"][1]
    assert second["logger"] == "library"


def test_a_cause_is_described_too() -> None:
    outer = RuntimeError("outer")
    outer.__cause__ = KeyError("inner")
    assert describe_error(outer)["caused_by"]["type"] == "builtins.KeyError"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/s/abcdefghijklmnopqrstuv", "/s/…"),
        ("/s/abcdefghijklmnopqrstuv/report", "/s/…/report"),
        ("/orders/0190f3a0-1234-7abc-8def-0123456789ab", "/orders/0190f3a0-1234-7abc-8def-0123456789ab"),
        ("/sign-in", "/sign-in"),
    ],
)
def test_a_path_is_logged_without_what_opens_it(path: str, shown: str) -> None:
    assert redact_path(path) == shown


async def test_readiness_says_which_check_failed() -> None:
    async def fine() -> None:
        return

    async def broken() -> None:
        raise ConnectionError("secret")

    readiness = await ask_readiness({"database": fine, "kafka": broken})
    assert not readiness.is_ready
    assert readiness.checks == {"database": "ok", "kafka": "ConnectionError"}


def test_a_loop_that_stopped_turning_grows_old() -> None:
    clock = FakeClock()
    heartbeats = Heartbeats(clock)
    heartbeats.beat("relay")
    clock.advance(61)
    assert heartbeats.ages_s() == {"relay": 61.0}


def _insert_row() -> None:
    raise ValueError("row (王建国, 13800000001, 1802) violates")
