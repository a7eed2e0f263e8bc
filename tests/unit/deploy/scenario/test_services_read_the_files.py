"""Proves that routing and orders take the made-up files as they stand, for both streets."""

from pathlib import Path

import pytest

from deploy.rehearsal.scenario.write_scenario import Scenario, write_scenario
from services.orders.actions.register.import_register import facts_of
from services.orders.domain.household import check_facts
from services.orders.intake.registers.read_register import read_register
from services.routing.domain.estate_file import read_estate_file
from services.routing.domain.roster_file import read_roster_file


@pytest.fixture(scope="module", params=["futian", pytest.param("nankeng", marks=pytest.mark.long)])
def street(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return write_scenario(request.param, 7, tmp_path_factory.mktemp("street"))


def test_routing_takes_the_estate(street: Scenario) -> None:
    estate = read_estate_file(Path(street.directory / "estate.geojson").read_bytes())
    assert len(estate.entrances) == len(street.street.entrances)


def test_routing_takes_the_roster(street: Scenario) -> None:
    drop_points = {drop_point.id for drop_point in street.street.drop_points}
    crews = read_roster_file(Path(street.directory / "roster.csv").read_bytes(), drop_points)
    assert len(crews) == len(street.crews)


def test_orders_takes_every_row_of_the_register(street: Scenario) -> None:
    for row in read_register(Path(street.directory / "register.xlsx").read_bytes()).accepted:
        check_facts(facts_of(row))
