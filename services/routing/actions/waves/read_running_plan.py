"""Lays a plan that is being carried out ready for changes, and keeps it in memory while nothing moves."""

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from services.routing.domain.crew import LEAD
from services.routing.domain.round import RoundState
from services.routing.domain.wave import WaveRefused
from services.routing.planning.instance_files import problem_from
from services.routing.planning.problem import Crew, CrewPlan, Entrance, Plan, Problem, Round, Visit
from services.routing.planning.running_plan import RunningPlan
from services.routing.storage import crews, plan_inputs, running_plans
from services.routing.storage.plan_inputs import PlanInput
from services.routing.storage.rounds import RoundRow
from services.routing.storage.running_plans import PlacedVisitor
from shared.database.session import Transaction

_KEPT_PLANS = 16


@dataclass(frozen=True, slots=True)
class RunningState:
    """One drop point's plan as it stands: what may still change of it, and by which rounds; `whole` is all of it.

    `rounds_of` gives each crew's changeable rounds in order: those planned, or released with their start still to
    come. `mark` differs as soon as any of them does.
    """

    request_id: str
    drop_point_id: str
    time_zero: datetime
    late_crews: frozenset[str]
    absent: frozenset[str]
    mark: str
    rounds_of: Mapping[str, tuple[RoundRow, ...]]
    whole: Problem
    running: RunningPlan
    entrances: Mapping[str, Entrance]

    def knows(self, entrance_id: str) -> bool:
        """Whether the plan was made with this entrance."""
        return entrance_id in self.entrances

    def moment(self, seconds: int) -> datetime:
        """The instant that a second of the plan is."""
        return self.time_zero + timedelta(seconds=seconds)

    def is_what_is_left(self, changeable: Collection[RoundRow], crews_now: tuple[Crew, ...]) -> bool:
        """Whether its crews have these hours, and none of its rounds is missing among these."""
        open_ids = {row.round_id for row in changeable}
        mine = (row.round_id for own in self.rounds_of.values() for row in own)
        return crews_now == self.running.problem.crews and all(round_id in open_ids for round_id in mine)


@dataclass(frozen=True, slots=True)
class RunningRounds:
    """One drop point's plan as it was read, not laid out yet; its `changeable` rounds may still change."""

    given: PlanInput
    stamp: str
    mark: str
    now: datetime
    rows: tuple[RoundRow, ...]
    changeable: tuple[RoundRow, ...]
    visitors: tuple[PlacedVisitor, ...]
    others: tuple[tuple[str, datetime], ...]
    sealed: frozenset[str]
    absent: frozenset[str]

    def knows(self, entrance_id: str) -> bool:
        """Whether the plan was made with this entrance."""
        return any(place["id"] == entrance_id for place in self.given.instance["entrances"])


@dataclass(slots=True)
class RunningPlans:
    """The running plans asked for last. Nothing here is the record: each use compares marks with the database."""

    _kept: OrderedDict[str, tuple[RunningRounds, RunningState]] = field(default_factory=OrderedDict)

    async def find(
        self, tx: Transaction, request_id: str, now: datetime, sign: str | None = None
    ) -> RunningState | RunningRounds:
        """Give a plan as it stands: from memory while its mark holds, else as read.

        In another minute than before, what the time of day and the crews' other work leave of it is read anew.
        `sign` is what its mark begins with, where it is known.

        Errors: WaveRefused("no_running_plan") when there is no plan to change.
        """
        kept = self._kept.get(request_id)
        if kept is not None:
            sign = sign or await running_plans.mark_of(tx, request_id)
            if sign is not None and kept[1].mark.startswith(sign):
                is_fresh = _minute(kept[0].now) == _minute(now)
                return kept[1] if is_fresh else await _read_later(tx, kept[0], now)
        return await read_rounds(tx, request_id, now)

    def lay_out(self, found: RunningState | RunningRounds) -> RunningState:
        """Lay a plan out that was only read, and keep it."""
        if isinstance(found, RunningState):
            return found
        before = self._kept.get(found.given.request_id)
        is_same_plan = before is not None and before[0].given is found.given
        state = lay_out(found, before[1] if before is not None and is_same_plan else None)
        self._kept[state.request_id] = (found, state)
        self._kept.move_to_end(state.request_id)
        if len(self._kept) > _KEPT_PLANS:
            self._kept.popitem(last=False)
        return state


async def read_running_plan(
    tx: Transaction, request_id: str, now: datetime, *, lock: bool = False, barred: Collection[str] = ()
) -> RunningState:
    """Read a plan as it stands and lay it out; `lock` and `barred` as `read_rounds` says.

    Errors: WaveRefused("no_running_plan").
    """
    return lay_out(await read_rounds(tx, request_id, now, lock=lock, barred=barred))


async def read_rounds(
    tx: Transaction, request_id: str, now: datetime, *, lock: bool = False, barred: Collection[str] = ()
) -> RunningRounds:
    """Read a plan as it stands; locked, its rounds and their stops stay as they are till the transaction ends.

    A released round whose hour has come is taken to be loading, unless its crew is absent or it comes to an
    entrance that is barred: those may change till they have left.
    Errors: WaveRefused("no_running_plan").
    """
    # Before what it stamps: written to in between, it is read once more than needed.
    stamp = await running_plans.input_stamp(tx, request_id)
    given = await plan_inputs.find_input(tx, request_id)
    rows = await running_plans.rounds_of_request(tx, request_id, lock=lock)
    waiting = [row for row in rows if row.state in {RoundState.PLANNED, RoundState.RELEASED}]
    visitors = await running_plans.visitors_of(tx, [row.round_id for row in waiting], lock=lock)
    absent = await crews.absent_on(tx, rows[0].wave_date) if rows else set()
    halted = {visitor.round_id for visitor in visitors if visitor.entrance_id in barred}
    changeable = [
        row for row in waiting if _may_change(row, now) or row.crew_id in absent or row.round_id in halted
    ]
    # After the locks: whatever came before them is in it, and nothing can come after.
    mark = await running_plans.mark_of(tx, request_id)
    if given is None or mark is None:
        raise WaveRefused("no_running_plan")
    read = RunningRounds(
        given=given,
        stamp=stamp,
        mark=mark,
        now=now,
        rows=tuple(rows),
        changeable=tuple(changeable),
        visitors=tuple(visitors),
        others=(),
        sealed=frozenset(),
        absent=frozenset(absent),
    )
    return await _with_other_work(tx, read)


async def _read_later(tx: Transaction, before: RunningRounds, now: datetime) -> RunningRounds:
    """Reads what may have changed of a plan whose mark still holds: zones, who is absent, crews' other work."""
    absent = await crews.absent_on(tx, before.rows[0].wave_date) if before.rows else set()
    stamp = await running_plans.input_stamp(tx, before.given.request_id)
    if absent != before.absent or stamp != before.stamp:
        return await read_rounds(tx, before.given.request_id, now)
    changeable = tuple(row for row in before.changeable if _may_change(row, now) or row.crew_id in before.absent)
    return await _with_other_work(tx, replace(before, now=now, changeable=changeable))


async def _with_other_work(tx: Transaction, read: RunningRounds) -> RunningRounds:
    """Reads what a plan's crews have to do beside its changeable rounds, and leaves out who is not in those."""
    crew_ids = [str(crew["id"]) for crew in read.given.instance["crews"]]
    open_ids = {row.round_id for row in read.changeable}
    day = read.rows[0].wave_date if read.rows else read.now.date()
    return replace(
        read,
        visitors=tuple(visitor for visitor in read.visitors if visitor.round_id in open_ids),
        others=tuple(await running_plans.other_starts(tx, crew_ids, read.given.request_id)),
        sealed=frozenset(await running_plans.behind_sealed_doors(tx, crew_ids, day, open_ids)),
    )


def lay_out(read: RunningRounds, before: RunningState | None = None) -> RunningState:
    """Work out what a plan's rounds leave each crew, ready for looking for places.

    `before` is the same plan laid out a while ago, its mark the same. Units: some tenths of a second for a large
    drop point, much less with `before`; for a thread of its own where others wait.
    """
    given, problem = read.given, before.whole if before else problem_from(read.given.instance)
    present = [_crew_now(crew, read) for crew in problem.crews]
    crews_now = tuple(
        replace(
            crew, was_sealed=crew.id in read.sealed, end_s=crew.start_s if crew.id in read.absent else crew.end_s
        )
        for crew in present
    )
    if before and before.is_what_is_left(read.changeable, crews_now):
        return before
    held = {visitor.stop_id for visitor in read.visitors}
    orders = tuple(order for order in problem.orders if order.id in held)
    shown = replace(problem, orders=orders, crews=crews_now)
    plan, rounds_of = plan_of_rounds(shown, read.changeable, read.visitors)
    return RunningState(
        request_id=given.request_id,
        drop_point_id=problem.drop_points[0].id,
        time_zero=given.time_zero,
        late_crews=frozenset(given.late_crews),
        absent=read.absent,
        mark=read.mark,
        rounds_of=rounds_of,
        whole=problem,
        running=RunningPlan(shown, plan, _slips(read.visitors)),
        entrances={place.id: place for place in problem.entrances},
    )


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def _may_change(row: RoundRow, now: datetime) -> bool:
    """Whether nobody loads or walks this round yet."""
    return row.state is RoundState.PLANNED or (row.state is RoundState.RELEASED and row.planned_start > now)


def _crew_now(crew: Crew, read: RunningRounds) -> Crew:
    """Gives a crew the hours that its fixed rounds, its next plan and the time of day leave it."""
    time_zero, now, others = read.given.time_zero, read.now, read.others
    changeable = [row for row in read.changeable if row.crew_id == crew.id]
    fixed = [row for row in read.rows if row.crew_id == crew.id and row not in changeable]
    after = max([now + LEAD, *(row.planned_end for row in fixed)])
    start = changeable[0].planned_start if changeable and _may_change(changeable[0], now) else after
    start_s = max(crew.start_s, round((start - time_zero).total_seconds()))
    later_s = [round((begins - time_zero).total_seconds()) for who, begins in others if who == crew.id]
    end_s = min([crew.end_s, *(begins_s for begins_s in later_s if begins_s >= start_s)])
    return replace(crew, start_s=start_s, end_s=max(start_s, end_s))


def plan_of_rounds(
    problem: Problem, rows: Sequence[RoundRow], visitors: Sequence[PlacedVisitor]
) -> tuple[Plan, dict[str, tuple[RoundRow, ...]]]:
    """Puts rounds together from their stops: neighbours at one entrance are one visit; empty rounds stay out."""
    visits_of: dict[str, list[Visit]] = defaultdict(list)
    for (round_id, entrance), stops in groupby(visitors, key=lambda stop: (stop.round_id, stop.entrance_id)):
        visits_of[round_id].append(Visit(entrance, tuple(stop.stop_id for stop in stops)))
    rounds_of = {
        crew.id: tuple(row for row in rows if row.crew_id == crew.id and row.round_id in visits_of)
        for crew in problem.crews
    }
    crews = tuple(
        CrewPlan(crew, tuple(Round(tuple(visits_of[row.round_id])) for row in own))
        for crew, own in rounds_of.items()
        if own
    )
    return Plan(problem.name, crews), rounds_of


def _slips(visitors: Sequence[PlacedVisitor]) -> dict[str, int]:
    """Gives the seconds that stops may come later before the end of what their households were told."""
    return {
        stop.stop_id: int((stop.told_until - stop.planned_at).total_seconds())
        for stop in visitors
        if stop.told_until is not None
    }
