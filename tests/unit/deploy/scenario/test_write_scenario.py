"""Proves that the made-up streets add up to the reported figures, whatever the seed."""

import filecmp
from collections import Counter
from pathlib import Path

import pytest

from deploy.rehearsal.scenario.days import (
    Days,
    DoorRow,
    Outcome,
    Wishes,
    draw_days,
    rows_from_accepted,
)
from deploy.rehearsal.scenario.days_file import expect, read_days
from deploy.rehearsal.scenario.estate_file import read_estate
from deploy.rehearsal.scenario.people import FOREIGN_LANGUAGES, draw_homes
from deploy.rehearsal.scenario.plans import FUTIAN, NANKENG, PLANS, ScenarioError
from deploy.rehearsal.scenario.read_scenario import read_scene
from deploy.rehearsal.scenario.roster_file import read_roster
from deploy.rehearsal.scenario.street import draw_street
from deploy.rehearsal.scenario.write_scenario import Scenario, write_scenario

SEEDS = [1, 2, 42, 20220306]


@pytest.fixture(scope="module", params=SEEDS)
def futian(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return write_scenario("futian", request.param, tmp_path_factory.mktemp("futian"))


def test_futian_adds_up_to_the_bulletin(futian: Scenario) -> None:
    expected = futian.expected
    assert (expected.communities, expected.zones) == (6, 10)
    assert (expected.packages, expected.households, expected.residents) == (2909, 1262, 3706)


def test_futian_has_three_wave_dates(futian: Scenario) -> None:
    assert len(futian.days.wave_dates) == 3
    assert {order.wave_date for order in futian.days.orders} == set(futian.days.wave_dates)


def test_every_order_of_futian_ends_somehow(futian: Scenario) -> None:
    expected = futian.expected
    assert expected.accepted == expected.delivered + expected.failed + expected.cancelled


def test_futian_has_the_mishaps_the_issue_asks_for(futian: Scenario) -> None:
    expected = futian.expected
    assert expected.no_answers >= 0.03 * expected.accepted
    assert expected.cancelled >= 0.01 * expected.accepted
    assert expected.partial > 0
    assert 0 < expected.retried < expected.no_answers


def test_every_futian_household_gets_a_whole_pack(futian: Scenario) -> None:
    whole = {o.household for o in futian.days.orders if o.outcome in {Outcome.DELIVERED, Outcome.RETRIED}}
    assert whole == {household.id for household in futian.days.households}


def test_a_zone_is_served_only_after_it_was_sealed(futian: Scenario) -> None:
    sealed_from = {zone.id: zone.sealed_from for zone in futian.street.zones}
    zone_of = {household.id: household.zone for household in futian.days.households}
    assert all(order.wave_date > sealed_from[zone_of[order.household]] for order in futian.days.orders)
    assert len(set(sealed_from.values())) >= 6


def test_a_retried_order_comes_on_a_later_date_on_which_the_home_has_an_order_that_succeeds(
    futian: Scenario,
) -> None:
    outcome = {(o.household, o.wave_date): o.outcome for o in futian.days.orders}
    for order in futian.days.orders:
        if order.retry_date is not None:
            assert order.retry_date > order.wave_date
            assert outcome[order.household, order.retry_date] is Outcome.DELIVERED


def test_every_drop_point_has_crews_enough_for_its_fullest_date(futian: Scenario) -> None:
    zone_of = {household.id: household.zone for household in futian.days.households}
    doors = Counter((zone_of[o.household], o.wave_date) for o in futian.days.orders)
    shift_s: Counter[str] = Counter()
    for crew in futian.crews:
        hours = crew.shift_end.hour - crew.shift_start.hour
        shift_s[crew.drop_point.split("d")[0]] += hours * 3600
    assert all(count * 180 < shift_s[zone] for (zone, _), count in doors.items())


def test_one_building_in_ten_is_positive(futian: Scenario) -> None:
    handling = Counter(building.handling for building in futian.street.buildings)
    assert handling == {"clean": 126, "positive": 14}


def test_homes_have_needs_languages_and_pets_in_plausible_shares(futian: Scenario) -> None:
    homes = [home for home in futian.homes if home.residents > 0]
    share = {
        "infant": sum("婴幼儿" in home.needs for home in homes) / len(homes),
        "chronically ill": sum("慢性病" in home.needs for home in homes) / len(homes),
        "elderly, alone": sum("独居老人" in home.needs for home in homes) / len(homes),
        "foreign language": sum(home.language in FOREIGN_LANGUAGES for home in homes) / len(homes),
        "pet": sum(home.pets not in {"", "无"} for home in homes) / len(homes),
    }
    plausible = {
        "infant": (0.01, 0.06),
        "chronically ill": (0.03, 0.10),
        "elderly, alone": (0.01, 0.15),
        "foreign language": (0.01, 0.06),
        "pet": (0.06, 0.20),
    }
    assert {name: low <= share[name] <= high for name, (low, high) in plausible.items()} == dict.fromkeys(
        share, True
    )
    assert all(home.residents == 1 for home in homes if "独居老人" in home.needs)


def test_phones_and_doors_are_unique(futian: Scenario) -> None:
    phones = [phone for home in futian.homes for phone in home.phones]
    doors = [(home.entrance, home.room) for home in futian.homes]
    assert len(set(phones)) == len(phones)
    assert len(set(doors)) == len(doors)
    assert all(phone.startswith("13800") and len(phone) == 11 for phone in phones)


def test_what_was_written_reads_back_the_same(futian: Scenario) -> None:
    assert read_estate(futian.directory / "estate.geojson") == futian.street
    assert read_roster(futian.directory / "roster.csv") == list(futian.crews)
    assert read_days(futian.directory / "days.json") == futian.days


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_scenario("futian", 5, tmp_path / name)
    files = ["register.xlsx", "estate.geojson", "roster.csv", "days.json"]
    assert filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", files, shallow=False) == (files, [], [])


def test_another_seed_draws_another_street() -> None:
    assert draw_street(FUTIAN, 1) != draw_street(FUTIAN, 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_nankeng_has_the_reported_size(seed: int) -> None:
    street = draw_street(NANKENG, seed)
    homes = draw_homes(NANKENG, street, seed)
    lived_in = [home for home in homes if home.residents]
    assert (len(street.buildings), len(street.zones)) == (704, 6)
    assert (len(lived_in), sum(home.residents for home in lived_in)) == (20_000, 40_000)
    assert len(homes) - len(lived_in) == 833


def test_a_register_without_a_script_gets_one(tmp_path: Path) -> None:
    written = write_scenario("futian", 11, tmp_path)
    (tmp_path / "days.json").unlink()
    accepted = [
        {"compound": h.door.compound, "building": h.door.building, "entrance": h.door.entrance,
         "room": h.door.room, "residents": h.door.residents, "needs": [], "pets": None}
        for h in written.days.households
    ]  # fmt: skip
    scene = read_scene(tmp_path, accepted, seed=11)
    assert scene.days.wave_dates == FUTIAN.wave_dates
    assert (scene.expected.households, scene.expected.residents) == (1262, 3706)


def test_rows_of_unknown_buildings_are_listed_and_get_no_order() -> None:
    street = draw_street(FUTIAN, 1)
    stranger = DoorRow("无名苑", "1号楼", None, "101", 2)
    days = draw_days([stranger], street, 1)
    assert (days.unmatched, days.orders) == ((stranger,), ())


def test_more_packs_than_orders_cannot_be_wished_for() -> None:
    street = draw_street(FUTIAN, 1)
    with pytest.raises(ScenarioError, match="too few"):
        draw_days([], street, 1, Wishes(packages=10))


def test_an_unknown_number_of_residents_counts_as_somebody() -> None:
    rows = rows_from_accepted([{"building": "1号楼", "room": "101", "residents": None}])
    assert rows == [DoorRow(None, "1号楼", None, "101", 1)]


def test_an_unknown_scenario_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="futian, nankeng"):
        write_scenario("atlantis", 1, tmp_path)


def test_an_estate_that_lacks_a_property_names_it(tmp_path: Path) -> None:
    path = tmp_path / "estate.geojson"
    path.write_text(
        '{"features": [{"id": "e1", "geometry": {"type": "Point", "coordinates": [0, 0]},'
        ' "properties": {"kind": "entrance", "building": "b1", "floors": 3, "lift": false, "gate_s": 5}}]}'
    )
    with pytest.raises(ScenarioError, match=r"entrance e1.*drop"):
        read_estate(path)


def test_the_plans_fit_their_names() -> None:
    assert {name: plan.name for name, plan in PLANS.items()} == {"futian": "futian", "nankeng": "nankeng"}


def test_an_empty_script_adds_up_to_nothing() -> None:
    days = Days(1, (), (), (), ())
    assert expect(days, draw_street(FUTIAN, 1)).packages == 0
