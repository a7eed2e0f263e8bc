"""Proves that the intake reads the made-up registers as they were meant, bad rows and all."""

import json
from pathlib import Path

import pytest

from deploy.rehearsal.scenario.days import rows_from_accepted
from deploy.rehearsal.scenario.write_scenario import Scenario, write_scenario
from services.orders.intake.registers.read_register import read_register
from services.orders.intake.registers.reading import RegisterReading


@pytest.fixture(scope="module", params=[1, 42])
def street(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return write_scenario("futian", request.param, tmp_path_factory.mktemp("street"))


@pytest.fixture(scope="module")
def reading(street: Scenario) -> RegisterReading:
    return read_register((street.directory / "register.xlsx").read_bytes())


def test_every_home_is_accepted_and_none_invented(street: Scenario, reading: RegisterReading) -> None:
    assert len(reading.accepted) == len(street.homes)
    lived_in = [row for row in reading.accepted if row.residents]
    assert (len(lived_in), sum(row.residents or 0 for row in lived_in)) == (1262, 3706)


def test_exactly_the_planted_rows_are_rejected(street: Scenario, reading: RegisterReading) -> None:
    found = sorted((r.sheet, r.row, r.column, r.reason) for r in reading.rejected)
    assert found == sorted((p.sheet, p.row, p.column, p.reason) for p in street.planted)
    assert len({reason for *_, reason in found}) == 9


def test_the_rows_bear_the_names_of_the_estate_and_the_people_of_the_script(
    street: Scenario, reading: RegisterReading
) -> None:
    accepted = [
        {
            "compound": row.compound,
            "building": row.building,
            "entrance": row.entrance,
            "room": row.room,
            "residents": row.residents,
            "needs": list(row.needs),
            "pets": row.pets,
        }
        for row in reading.accepted
    ]
    rows = {row for row in rows_from_accepted(accepted) if row.residents}
    assert rows == {household.door for household in street.days.households}


def test_every_phone_and_name_arrives(street: Scenario, reading: RegisterReading) -> None:
    written = sorted((home.name, phone) for home in street.homes for phone in home.phones)
    read = sorted((c.name or "", c.phone or "") for row in reading.accepted for c in row.contacts)
    assert read == written


def test_the_blemishes_around_the_rows_are_remarked(reading: RegisterReading) -> None:
    reasons = {remark.reason for remark in reading.warnings}
    assert {"hidden_sheet", "no_header", "total_row", "repeated_header", "cell_comment"} <= reasons
    assert len(reading.sheets_read) == 6


def test_the_script_says_what_the_intake_must_find(street: Scenario, reading: RegisterReading) -> None:
    document = json.loads(Path(street.directory / "days.json").read_text(encoding="utf-8"))
    assert document["register"]["accepted"] == len(reading.accepted)
    assert len(document["register"]["rejected"]) == len(reading.rejected)
    assert document["expected"]["packages"] == 2909
