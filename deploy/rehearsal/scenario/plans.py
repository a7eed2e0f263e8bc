"""Owns the figures of the two made-up streets, each with where it comes from."""

from dataclasses import dataclass
from datetime import date


class ScenarioError(Exception):
    """A scenario cannot be made from what was given; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class HouseStyle:
    """How one kind of compound is built.

    Units: `floors` as a range from lowest to highest, `doors` on one floor of one entrance.
    """

    word: str
    floors: tuple[int, int]
    entrances: tuple[int, int]
    doors: tuple[int, int]
    lift: bool
    naming: str


MID_RISE = HouseStyle("花园", (9, 17), (1, 2), (2, 4), lift=True, naming="number")
TOWER = HouseStyle("名苑", (18, 30), (1, 1), (4, 6), lift=True, naming="letter")
WALK_UP = HouseStyle("新村", (5, 8), (1, 3), (2, 3), lift=False, naming="number")
LANES = HouseStyle("坊", (5, 9), (1, 1), (4, 6), lift=False, naming="lane")


@dataclass(frozen=True, slots=True)
class StreetPlan:
    """What a scenario must add up to.

    Units: `cell_m` is the distance between neighbouring buildings, `residents_share` the weight of homes with
    1, 2, 3 … people, `order_share` the part of homes that order on a wave date they may order for.
    """

    name: str
    title: str
    communities: tuple[str, ...]
    zones: int
    zone_word: str
    buildings: int
    households: int
    residents: int
    residents_share: tuple[int, ...]
    vacant: int
    premises: int
    styles: tuple[tuple[HouseStyle, int], ...]
    drop_points_per_zone: int
    cell_m: float
    wave_dates: tuple[date, ...]
    sealed_days: tuple[tuple[date, ...], ...]
    packages: int | None
    order_share: float
    bad_rows: int


# Six communities, ten sealed zones, 2,909 packs, 1,262 households, 3,706 residents by 18:00 on 6 March, and a
# delivery every two days: the street office's bulletin. That these were three wave dates is OUR assumption
# (2.3 packs a home), and so is every day on which a zone was sealed.
FUTIAN = StreetPlan(
    name="futian",
    title="福田街道",
    communities=("莲香社区", "榕荫社区", "海棠社区", "竹园社区", "桂岭社区", "木棉社区"),
    zones=10,
    zone_word="封控区",
    buildings=140,
    households=1262,
    residents=3706,
    residents_share=(12, 28, 30, 19, 8, 3),
    vacant=38,
    premises=0,
    styles=((MID_RISE, 45), (WALK_UP, 25), (TOWER, 18), (LANES, 12)),
    drop_points_per_zone=1,
    cell_m=82.0,
    wave_dates=(date(2022, 3, 2), date(2022, 3, 4), date(2022, 3, 6)),
    sealed_days=(
        (date(2022, 2, 25), date(2022, 2, 26), date(2022, 2, 27), date(2022, 2, 28), date(2022, 3, 1)),
        (date(2022, 3, 2), date(2022, 3, 2), date(2022, 3, 3), date(2022, 3, 3)),
        (date(2022, 3, 5),),
    ),
    packages=2909,
    order_share=1.0,
    bad_rows=18,
)

# 704 buildings, 20,000 flats, 833 small premises, about 40,000 residents, 6 grids: one community's platform as
# reported. One wave in which 45 % of the homes order is OUR assumption.
NANKENG = StreetPlan(
    name="nankeng",
    title="坂田街道",
    communities=("南坑社区",),
    zones=6,
    zone_word="网格",
    buildings=704,
    households=20_000,
    residents=40_000,
    residents_share=(40, 32, 17, 8, 3),
    vacant=0,
    premises=833,
    styles=((LANES, 70), (WALK_UP, 20), (MID_RISE, 10)),
    drop_points_per_zone=4,
    cell_m=42.0,
    wave_dates=(date(2022, 3, 6),),
    sealed_days=((date(2022, 3, 4),) * 3 + (date(2022, 3, 5),) * 3,),
    packages=None,
    order_share=0.45,
    bad_rows=60,
)

PLANS = {plan.name: plan for plan in (FUTIAN, NANKENG)}
