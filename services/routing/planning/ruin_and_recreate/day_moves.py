"""Moves whole rounds: to another place of a day, to another crew, or in exchange for each other."""

from services.routing.planning.ruin_and_recreate.changes import Changes, mark_crew, mark_slot
from services.routing.planning.ruin_and_recreate.dice import below
from services.routing.planning.ruin_and_recreate.draft import (
    CLEAN,
    CRATES,
    CREW,
    CREW_FIGURES,
    FIGURES,
    GRAMS,
    HANDLING,
    LOCKED_TO,
    MIXED,
    ROUNDS,
    RULED,
    STOPS,
    UNKNOWN,
    Draft,
    Scratch,
    kind_of_slot,
    refresh_crew,
    refresh_round,
)
from services.routing.planning.ruin_and_recreate.ground import (
    CREW_RULES,
    CREWS,
    HIGHEST,
    LOWEST,
    MOST_ROUNDS,
    MOST_STOPS,
    RULES,
    Ground,
)


def move_round(ground: Ground, draft: Draft, changes: Changes, scratch: Scratch) -> None:
    """Takes a random round out of its day and puts it at a random place of a random one, if it may stand there."""
    origin = below(scratch.dice, ground.sizes[CREWS])
    target = below(scratch.dice, ground.sizes[CREWS])
    rounds = draft.crews[origin * CREW_FIGURES + ROUNDS]
    if rounds == 0 or (origin == target and rounds == 1):
        return
    place = below(scratch.dice, rounds)
    slot = draft.days[origin * ground.sizes[MOST_ROUNDS] + place]
    if origin != target and not _may_go(ground, draft, slot, target):
        return
    mark_crew(ground, changes, origin)
    mark_crew(ground, changes, target)
    _lift_out(ground, draft, origin, place)
    _put_in(ground, draft, scratch, slot, target)
    if origin != target:
        mark_slot(changes, slot)
        _hand_over(ground, draft, scratch, slot, target)
        refresh_crew(ground, draft, origin)
    refresh_crew(ground, draft, target)


def _may_go(ground: Ground, draft: Draft, slot: int, crew: int) -> bool:
    """Says whether a crew can take a round: its load, its entrances, one more round, and at most one mixed."""
    if draft.crews[crew * CREW_FIGURES + ROUNDS] + 1 >= ground.sizes[MOST_ROUNDS]:
        return False
    highest = draft.figures[slot * FIGURES + HANDLING]
    lowest = 0 if draft.figures[slot * FIGURES + CLEAN] > 0 else highest
    if (
        lowest < ground.crew_rules[crew * CREW_RULES + LOWEST]
        or highest > ground.crew_rules[crew * CREW_RULES + HIGHEST]
    ):
        return False
    if ground.sizes[RULES] > 0 and _is_locked_elsewhere(draft, slot, crew):
        return False
    if kind_of_slot(draft, slot) == 1 and draft.crews[crew * CREW_FIGURES + MIXED] > 0:
        return False
    fits = draft.figures[slot * FIGURES + GRAMS] <= ground.crew_cap_g[crew]
    return fits and draft.figures[slot * FIGURES + CRATES] <= ground.crew_cap_crates[crew]


def _is_locked_elsewhere(draft: Draft, slot: int, crew: int) -> bool:
    locked_to = draft.ruled[slot * RULED + LOCKED_TO]
    return locked_to != UNKNOWN and locked_to != crew  # noqa: PLR1714 - what numba compiles without a set


def _lift_out(ground: Ground, draft: Draft, crew: int, place: int) -> None:
    row = crew * ground.sizes[MOST_ROUNDS]
    draft.crews[crew * CREW_FIGURES + ROUNDS] -= 1
    for later in range(row + place, row + draft.crews[crew * CREW_FIGURES + ROUNDS]):
        draft.days[later] = draft.days[later + 1]


def _put_in(ground: Ground, draft: Draft, scratch: Scratch, slot: int, crew: int) -> None:
    """Puts a round among those of its kind."""
    row, rounds = crew * ground.sizes[MOST_ROUNDS], draft.crews[crew * CREW_FIGURES + ROUNDS]
    kind, before, same = kind_of_slot(draft, slot), 0, 0
    for place in range(row, row + rounds):
        other = kind_of_slot(draft, draft.days[place])
        before += other < kind
        same += other == kind
    place = before + below(scratch.dice, same + 1)
    for later in range(row + rounds, row + place, -1):
        draft.days[later] = draft.days[later - 1]
    draft.days[row + place] = slot
    draft.crews[crew * CREW_FIGURES + ROUNDS] = rounds + 1


def _hand_over(ground: Ground, draft: Draft, scratch: Scratch, slot: int, crew: int) -> None:
    """Makes a round another crew's; with more people or fewer it takes other seconds."""
    same = ground.crew_people[draft.figures[slot * FIGURES + CREW]] == ground.crew_people[crew]
    draft.figures[slot * FIGURES + CREW] = crew
    if not same:
        first_at = slot * ground.sizes[MOST_STOPS]
        for at in range(first_at, first_at + draft.figures[slot * FIGURES + STOPS]):
            draft.stop_s[at] = UNKNOWN
        refresh_round(ground, draft, scratch, slot)
