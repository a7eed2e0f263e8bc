"""The words of routing's pages that depend on a code; catalogue texts, translated when shown."""

from collections.abc import Mapping
from typing import Final

from services.routing.domain.bag import BagOutcome, MissReason
from services.routing.domain.replan import Because, ReplanState
from services.routing.domain.round import RoundState
from services.routing.domain.tap import TaskKind
from services.routing.domain.wave import RequestState, WaveState
from services.routing.planning.explanation import Binding, Relaxing
from services.routing.planning.running_plan import Joining
from shared.web.languages import mark
from shared.web.parts import NavigationEntry

NAVIGATION: Final = (
    NavigationEntry(mark("Board"), "/board"),
    NavigationEntry(mark("Estate"), "/estate"),
    NavigationEntry(mark("Crews"), "/crews"),
    NavigationEntry(mark("Stuck events"), "/parked"),
)

ERROR_TEXTS: Final[Mapping[str, str]] = {
    "estate_file_refused": mark("The estate file cannot be used: %(count)s places are wrong. Nothing was loaded."),
    "roster_file_refused": mark("The roster cannot be used: %(count)s places are wrong. Nothing was loaded."),
    "file_missing": mark("Choose a file first."),
    "whole_street_needed": mark("These files are for the whole street; your account sees only a part of it."),
    "no_waiting_orders": mark("No order is waiting there up to this date."),
    "drop_point_being_planned": mark(
        "Another wave is planning %(drop_points)s right now. Wait till it is done, then make this one."
    ),
    "wave_is_told": mark("Rounds of this wave are released already; it can no longer be thrown away."),
    "wave_was_discarded": mark("This plan was thrown away. Make another wave."),
    "wave_still_planning": mark("This wave is still being planned."),
    "wave_has_no_plan": mark("No drop point of this wave has a plan."),
    "entrance_unknown": mark("There is no such entrance, or none that you may see."),
    "no_running_plan": mark("There is no plan at its drop point in this wave."),
    "stop_not_waiting": mark("This order does not wait for a place any more."),
    "stop_unknown": mark("There is no such order, or none that you may see."),
    "plan_has_changed": mark("The plan has changed since; look at the places again."),
    "bags_not_back": mark("Its bags are still out from the last attempt."),
    "no_drop_point": mark("No drop point serves its entrance."),
    "wave_reaches_further": mark(
        "This wave reaches beyond your communities; somebody who sees all of them releases it."
    ),
    "wave_unknown": mark("There is no such wave, or none that you may see."),
    "crew_unknown": mark("There is no such crew, or none that you may see."),
    "date_unreadable": mark("The date cannot be read. Write it like 2022-03-04."),
    "zone_unknown": mark("There is no such zone, or none that you may see."),
    "plan_seconds_unreadable": mark("The planning time must be 1 to 600 seconds."),
    "admission_code_invalid": mark("This code is wrong, used or older than two minutes. Ask for a new one."),
    "id_reused": mark("The same entry came twice with different contents. Load the page again."),
    "still_cannot_apply": mark("The event still cannot be taken in: %(reason)s"),
}

# Why an order is on no round.
UNPLANNED_REASONS: Final[Mapping[str, str]] = {
    "no_drop_point": mark("no drop point serves this entrance: load an estate file that has one nearby"),
    "entrance_without_drop": mark("no drop point serves this entrance: load an estate file that has one nearby"),
    "zone_closed": mark("its zone is not sealed on this day: nothing is brought to its doors"),
    "bags_not_back": mark("its bags are still out from the last attempt"),
    "no_such_floor": mark(
        "the register's storey is higher than the house in the estate file: correct one of them"
    ),
    "no_crew": mark("no crew starts at its drop point: load a roster that has one"),
    "too_heavy": mark("heavier than any crew there may carry in one round"),
    "too_many_crates": mark("more crates than any crew there has room for"),
    "shift_too_short": mark("too far or too long for any single shift"),
    "shifts_full": mark("all crews there are busy till their shifts end"),
    "rules_keep_out": mark("no crew can take it within the rules of windows, handling, cold goods and rest"),
    "plan_failed": mark("planning failed three times: tell the administrator"),
    "discarded": mark("thrown away with its wave"),
    "left_out": mark("changed while the plan was being made: it is in the next wave"),
    "drop_point_unknown": mark("its drop point is not in the estate file any more"),
}

WAVE_STATES: Final[Mapping[WaveState, tuple[str, str]]] = {
    WaveState.PLANNING: ("unsent", mark("Being planned")),
    WaveState.PLANNED: ("packed", mark("Planned, not released")),
    WaveState.RELEASED: ("out", mark("Released")),
    WaveState.DISCARDED: ("cancelled", mark("Thrown away")),
}

REQUEST_STATES: Final[Mapping[RequestState, tuple[str, str]]] = {
    RequestState.WAITING: ("received", mark("Waiting for a planner")),
    RequestState.LEASED: ("unsent", mark("Being planned")),
    RequestState.PLANNED: ("delivered", mark("Planned")),
    RequestState.FAILED: ("problem", mark("Failed")),
}

# The stages a plan went through, by the names planning gives them.
STAGES: Final[Mapping[str, str]] = {
    "savings": mark("first guess"),
    "savings_in_process": mark("simple plan, solver was away"),
    "ortools_batching": mark("OR-Tools rounds"),
    "ruin_and_recreate": mark("Baimi's search"),
    "ruin_and_recreate_uncompiled": mark("Baimi's search, slow: not compiled"),
    "ortools_assignment": mark("OR-Tools crews"),
}

# How an urgent order comes into a running plan.
JOININGS: Final[Mapping[Joining, str]] = {
    Joining.VISIT: mark("with others at its entrance"),
    Joining.NEW_VISIT: mark("as another entrance on the way"),
    Joining.NEW_ROUND: mark("in a round of its own"),
}

# Why a running plan was made again, and what came of it.
BECAUSE: Final[Mapping[str, str]] = {
    Because.BETTER: mark("to see whether it can be better"),
    Because.CREW_ABSENT: mark("a crew is absent"),
    Because.LIFT_CHANGED: mark("a lift stands still or runs again"),
    Because.HANDLING_CHANGED: mark("a building is handled another way"),
    Because.ZONE_CHANGED: mark("a zone has another class"),
}

REPLAN_STATES: Final[Mapping[str, tuple[str, str]]] = {
    ReplanState.WAITING: ("received", mark("Waiting for a planner")),
    ReplanState.LEASED: ("unsent", mark("Being planned")),
    ReplanState.SAVED: ("delivered", mark("Changed")),
    ReplanState.KEPT: ("packed", mark("Stays as it is")),
    ReplanState.FAILED: ("problem", mark("Failed")),
}

# What can be changed so that an order is served.
RELAXINGS: Final[Mapping[Relaxing, str]] = {
    Relaxing.OPEN_ZONE: mark("bring to the doors of its zone on this day too"),
    Relaxing.RAISE_HOUSE: mark("correct its house: %(amount)s storeys more"),
    Relaxing.SERVE_FROM: mark("serve its entrance from %(subject)s"),
    Relaxing.LONGER_SHIFT: mark("let %(subject)s work %(minutes)s min longer"),
    Relaxing.MORE_CARRY: mark("let %(subject)s carry %(amount)s g more"),
    Relaxing.MORE_CRATES: mark("let %(subject)s take %(amount)s crates more"),
    Relaxing.ANOTHER_CREW: mark("call in another crew for %(minutes)s min"),
}

BINDINGS: Final[Mapping[Binding, str]] = {
    Binding.TROLLEY: mark("trolleys on a cheaper way are full"),
    Binding.SHIFT: mark("a crew on a cheaper way has no time left"),
    Binding.INFECTION_ORDER: mark("clean entrances come before sealed ones"),
}

ROUND_STATES: Final[Mapping[str, tuple[str, str]]] = {
    RoundState.PLANNED: ("received", mark("Planned")),
    RoundState.RELEASED: ("packed", mark("Released")),
    RoundState.STARTED: ("out", mark("Out")),
    RoundState.CLOSED: ("delivered", mark("Closed")),
    RoundState.DROPPED: ("cancelled", mark("Dropped")),
}

TASKS: Final[Mapping[str, str]] = {
    TaskKind.DELIVERED_AFTER_CANCEL: mark("delivered although it had been cancelled"),
    TaskKind.CHANGED_AFTER_LOADING: mark("changed after its bags were loaded: the old contents are on their way"),
    TaskKind.ALREADY_DELIVERED: mark("reported again although it was delivered"),
    TaskKind.BAG_NOT_ON_CART: mark("reported although its bags were not on the trolley"),
    TaskKind.TAP_AFTER_CLOSE: mark("reported after the round was closed"),
}

MISS_REASONS: Final[Mapping[MissReason, str]] = {
    MissReason.NO_ANSWER: mark("No answer"),
    MissReason.REFUSED: mark("Refused"),
    MissReason.DAMAGED: mark("Damaged"),
    MissReason.NO_ACCESS: mark("No way in"),
    MissReason.CANCELLED: mark("Cancelled"),
    MissReason.SHORT: mark("Missing"),
}

BAG_OUTCOMES: Final[Mapping[BagOutcome, tuple[str, str]]] = {
    BagOutcome.DELIVERED: ("delivered", mark("Delivered")),
    BagOutcome.FAILED: ("no_answer", mark("Not delivered")),
    BagOutcome.SHORT: ("problem", mark("Missing")),
    BagOutcome.CANCELLED: ("cancelled", mark("Cancelled")),
}

# What a crew is told when its entry cannot be taken yet.
TAP_REFUSALS: Final[Mapping[str, str]] = {
    "round_not_started": mark("Load the round first."),
    "round_not_released": mark("This round is not released."),
    "bags_without_outcome": mark("Some bags have no outcome yet."),
    "bags_on_cart": mark("Bring the remaining bags back first, then close the round."),
    "nothing_to_undo": mark("There is nothing to take back."),
    "bags_have_left": mark("The bags are back at the drop point already; this cannot be taken back any more."),
    "foreign_round": mark("This round is not yours."),
    "stop_not_on_round": mark("This door is not on your round."),
    "bag_not_at_stop": mark("A bag does not belong to this door."),
    "bag_not_on_round": mark("A bag does not belong to this round."),
    "bag_without_outcome": mark("Say at the door first what became of the bag."),
    "bag_is_at_door": mark("This bag was delivered."),
    "reason_missing": mark("Choose a reason."),
    "round_closed": mark("This round is closed."),
}

ZONE_CLASSES: Final[Mapping[str, str]] = {
    "sealed": mark("sealed"),
    "controlled": mark("controlled"),
    "precaution": mark("precaution"),
    "lifted": mark("lifted"),
}

CAPABILITIES: Final[Mapping[str, str]] = {
    "positive": mark("may enter positive buildings"),
    "cold": mark("cold box"),
    "en": mark("speaks English"),
}

# What is wrong with one field of an estate file or roster.
FILE_PROBLEMS: Final[Mapping[str, str]] = {
    "not_json": mark("this is no JSON text in UTF-8"),
    "not_feature_collection": mark("this is no GeoJSON FeatureCollection"),
    "not_this_format": mark("the format is not %(format)s"),
    "no_list": mark("this is no list"),
    "too_many": mark("there are more than %(limit)s"),
    "no_text": mark("this is no text, or too long a one"),
    "given_twice": mark("this stands in the file twice"),
    "no_drop_point_in_file": mark("there is no drop point in the file"),
    "missing": mark("this is missing"),
    "not_true_or_false": mark("this is neither true nor false"),
    "not_in_file": mark("there is no %(kind)s %(id)s in the file"),
    "too_long": mark("this is longer than %(limit)s signs"),
    "no_whole_number": mark("this is no whole number"),
    "out_of_range": mark("this is not between %(low)s and %(high)s"),
    "no_point": mark("this is no point"),
    "no_line": mark("this is no line"),
    "no_two_points": mark("a way has two points or more"),
    "no_handling": mark("this is none of %(words)s"),
    "not_two_numbers": mark("these are not two numbers"),
    "not_finite": mark("this is no finite number"),
    "too_far": mark("this is too far away; coordinates are local metres"),
    "building_without_entrance": mark("this building has no entrance"),
    "same_names": mark("another entrance bears the same names"),
    "not_in_estate": mark("this drop point is not in the estate file"),
    "no_crew_in_file": mark("there is no crew in the file"),
    "not_csv": mark("this is no CSV text in UTF-8"),
    "empty": mark("the file is empty"),
    "column_missing": mark("these columns are missing"),
    "no_length": mark("the shift has no length"),
    "no_time": mark("this is no time of day like 09:00"),
}
