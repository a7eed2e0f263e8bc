"""The demo stops in good order and goes on where it stopped."""

import signal
import stat
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.missing import Missing
from deploy.rehearsal.demo import LEAST_MINUTES_PER_DAY, MINUTES_PER_DAY, WALKS_FROM, Place, read_pace
from deploy.rehearsal.scenario.roster_file import SHIFTS
from deploy.rehearsal.street_time import ZONE, Street, go_on, keep

CHECKOUT = Path(__file__).parents[4]
WATCHED = """
import asyncio
from deploy.rehearsal.demo import _until_told

async def play():
    try:
        print("playing", flush=True)
        await asyncio.Event().wait()
    finally:
        print("put away", flush=True)

asyncio.run(_until_told(play()))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("told_by", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_puts_everything_away_first(told_by: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHED], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "playing\n"
    process.send_signal(told_by)
    said, complained = process.communicate(timeout=60)
    assert (process.returncode, said.split("\n"), complained) == (0, ["put away", "stopped", ""], "")


def test_accounts_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    place = Place(tmp_path / "demo")
    accounts = place.accounts()
    assert {account.role for account in accounts} >= {"operator", "dispatcher", "officer"}
    assert place.accounts() == accounts
    assert stat.S_IMODE((place.folder / "accounts.json").stat().st_mode) == 0o600


def test_a_new_street_wakes_before_the_first_call_of_its_first_eve(tmp_path: Path) -> None:
    street = go_on(tmp_path / "time.json", date(2022, 3, 2), 480)
    assert street.now().astimezone(ZONE).replace(second=0, microsecond=0) >= datetime(2022, 3, 1, 4, tzinfo=ZONE)
    assert street.now() < datetime(2022, 3, 1, 8, tzinfo=ZONE)


def test_a_street_sleeps_while_the_demo_is_stopped(tmp_path: Path) -> None:
    noon = datetime(2022, 3, 3, 12, tzinfo=ZONE)
    keep(tmp_path / "time.json", Street(noon, 480))
    # However long it was stopped in real time: it goes on from there, at today's pace.
    street = go_on(tmp_path / "time.json", date(2022, 3, 2), 1)
    assert timedelta(0) <= street.now() - noon < timedelta(minutes=30)


def test_crews_set_out_when_the_first_shift_of_the_roster_begins() -> None:
    assert min(begins for begins, _ in SHIFTS) == WALKS_FROM


def test_a_pace_is_minutes_and_nothing_else() -> None:
    assert read_pace("") == MINUTES_PER_DAY
    assert read_pace("10") == 10
    for nonsense in ("fast", "0", "-3", "nan", "inf", str(LEAST_MINUTES_PER_DAY / 2)):
        with pytest.raises(Missing, match=f"DEMO_PACE={nonsense}"):
            read_pace(nonsense)
