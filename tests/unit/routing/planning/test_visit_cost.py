"""The exact seconds of a visit against a brute force over every cut and every way down."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.routing.planning.visit_cost import climbs_s, hauling_s, lift_s, visit_s

#        wait, floor, stop, walk down, up, down, climb, carry, lifting, door
TIMES = (35, 3, 12, 9, 13, 8, 20, 22_000, 250, 25)
PACKAGES = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 40_000)), min_size=1, max_size=9)


def dearness(packages: list[tuple[int, int]], cuts: tuple[int, ...], limit_g: int) -> int | None:
    """Prices one cut of packages into climbs, or None where a climb is too heavy."""
    seconds = 0
    for start, end in pairwise((0, *cuts, len(packages))):
        climb = packages[start:end]
        if len(climb) > 1 and sum(grams for _, grams in climb) > limit_g:
            return None
        seconds += 20 + (climb[0][0] - 1) * 21
    return seconds


@given(PACKAGES, st.integers(1, 3))
def test_the_climbs_are_the_cheapest_of_all_consecutive_cuts(packages: list[tuple[int, int]], people: int) -> None:
    packages.sort(reverse=True)
    places = range(1, len(packages))
    all_cuts = [
        tuple(place for place in places if chosen >> place & 1) for chosen in range(0, 2 ** len(packages), 2)
    ]
    prices = [dearness(packages, cuts, people * 22_000) for cuts in all_cuts]
    cheapest = min(price for price in prices if price is not None)
    floors, grams = zip(*packages, strict=True)
    assert climbs_s(TIMES, people * 22_000, floors, grams) == cheapest


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12))
def test_a_lift_visit_goes_up_once_and_down_by_the_shorter_way(floors: list[int]) -> None:
    floors.sort(reverse=True)
    stops = sorted(set(floors), reverse=True)
    down_s = sum(
        0 if high == low else min(35 + 3 * (high - low), 9 * (high - low)) for high, low in pairwise([*stops, 1])
    )
    assert lift_s(TIMES, floors) == 35 + 3 * (stops[0] - 1) + 12 * len(stops) + down_s


def test_lifting_is_rounded_down_once_a_visit_not_once_a_package() -> None:
    assert hauling_s(TIMES, [2, 2], [3_999, 3_999]) == 1
    assert hauling_s(TIMES, [2], [3_999]) == 0


def test_a_package_too_heavy_for_two_is_a_climb_of_its_own() -> None:
    assert climbs_s(TIMES, 44_000, [3, 3, 3], [50_000, 10, 10]) == 2 * (20 + 2 * 21)


def test_the_ground_floor_by_lift_still_waits_and_stops_once() -> None:
    assert visit_s(TIMES, (1, 40, 2, 2), [1, 1], [100, 100]) == 40 + 2 * 25 + 35 + 12
