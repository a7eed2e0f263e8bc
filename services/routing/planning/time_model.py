"""The seconds that turn work into time, as an instance brings them."""

from dataclasses import dataclass

from services.routing.planning import walks


@dataclass(frozen=True, slots=True)
class LiftTimes:
    """Seconds of a lift: waiting for it, a floor's ride, a stop, and a floor walked down instead."""

    wait_s: int
    s_per_floor: int
    stop_s: int
    walk_down_s: int


@dataclass(frozen=True, slots=True)
class StairTimes:
    """Seconds of a stairwell, what one person carries in one climb, and the toll of lifting a kilogram a floor."""

    up_s: int
    down_s: int
    climb_s: int
    carry_g: int
    up_ms_per_floor_kg: int


@dataclass(frozen=True, slots=True)
class TimeModel:
    """Every number that turns work into seconds; none is built in."""

    walk_mps: float
    detour: float
    load_s: int
    load_s_per_package: int
    door_s: int
    lift: LiftTimes
    stairs: StairTimes
    ways: walks.Ways | None = None
    """The drawn ways that crews keep to."""


def visit_times(model: TimeModel) -> tuple[int, ...]:
    """Lays the model out in the order `visit_cost` names its columns."""
    lift, stairs = model.lift, model.stairs
    return (
        lift.wait_s,
        lift.s_per_floor,
        lift.stop_s,
        lift.walk_down_s,
        stairs.up_s,
        stairs.down_s,
        stairs.climb_s,
        stairs.carry_g,
        stairs.up_ms_per_floor_kg,
        model.door_s,
    )
