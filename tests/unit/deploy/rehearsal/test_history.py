"""The clients' history: on disk before anybody acts on it, readable after a kill, remembered by the next start."""

import asyncio
from pathlib import Path

from deploy.rehearsal.history import Deed, History, Kind, Remembered, placed_order, read_history
from shared.basics.clock import SystemClock

ORDER = Deed("order", "key-1", "operator1", "orders", {"tag": "o1"})
ANSWER = {"location": "/desk/households/h1?placed=o-77"}


async def test_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl", SystemClock())
    await history.write(Kind.INVOKE, ORDER)
    await history.write(Kind.OK, ORDER, 303, ANSWER)
    history.close()
    lines = read_history(history.path)
    assert [(line.kind, line.deed, line.status) for line in lines] == [
        (Kind.INVOKE, ORDER, 0),
        (Kind.OK, ORDER, 303),
    ]
    assert placed_order(lines[1]) == "o-77"


async def test_many_writers_share_a_write_and_keep_their_order(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl", SystemClock())
    deeds = [Deed("order", f"key-{number}", "operator1", "orders") for number in range(50)]
    await asyncio.gather(*(history.write(Kind.INVOKE, deed) for deed in deeds))
    history.close()
    assert [line.deed.key for line in read_history(history.path)] == [deed.key for deed in deeds]


async def test_half_a_last_line_is_passed_over(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl", SystemClock())
    await history.write(Kind.INVOKE, ORDER)
    history.close()
    with history.path.open("ab") as file:
        file.write(b'{"at_s": 1, "kind": "o')
    assert len(read_history(history.path)) == 1


def test_no_history_is_an_empty_one(tmp_path: Path) -> None:
    assert read_history(tmp_path / "absent.jsonl") == []


async def test_what_was_answered_is_remembered_with_its_answer(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl", SystemClock())
    await history.write(Kind.INVOKE, ORDER)
    await history.write(Kind.OK, ORDER, 303, ANSWER)
    remembered = Remembered.of(read_history(history.path))
    history.close()
    assert remembered.key_of("order", {"tag": "o1"}) == "key-1"
    answer = remembered.answer_of(ORDER)
    assert answer is not None
    assert answer.answer == ANSWER


async def test_what_was_never_answered_keeps_its_key_and_what_was_refused_does_not(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl", SystemClock())
    refused = Deed("order", "key-2", "operator1", "orders", {"tag": "o2"})
    await history.write(Kind.INVOKE, ORDER)
    await history.write(Kind.INVOKE, refused)
    await history.write(Kind.FAIL, refused, 409)
    remembered = Remembered.of(read_history(history.path))
    history.close()
    assert remembered.key_of("order", {"tag": "o1"}) == "key-1"
    assert remembered.answer_of(ORDER) is None
    assert remembered.key_of("order", {"tag": "o2"}) is None
