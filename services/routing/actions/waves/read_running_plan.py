"""Lays a plan that is being carried out ready for changes, and keeps it in memory while nothing moves."""

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from services.routing.domain.crew import LEAD
from services.routing.domain.round import RoundState
from services.routing.domain.wave import WaveRefused
from services.routing.planning.insertion import RunningPlan
from services.routing.planning.instance_files import problem_from
from services.routing.planning.problem import Crew, CrewPlan, Plan, Problem, Round, Visit
from services.routing.storage import crews, plan_inputs, running_plans
from services.routing.storage.rounds import RoundRow
from services.routing.storage.running_plans import PlacedVisitor
from shared.database.session import Transaction

_KEPT_PLANS = 32


@dataclass(frozen=True, slots=True)
class RunningState:
    """One drop point's plan as it stands: what may still change of it, and by which rounds.

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
    running: RunningPlan

    def moment(self, seconds: int) -> datetime:
        """The instant that a second of the plan is."""
        return self.time_zero + timedelta(seconds=seconds)


@dataclass(slots=True)
class RunningPlans:
    """The running plans asked for last. Nothing here is the record: each use compares marks with the database."""

    _kept: OrderedDict[str, tuple[datetime, RunningState]] = field(default_factory=OrderedDict)

    async def current(self, tx: Transaction, request_id: str, now: datetime) -> RunningState:
        """Give a plan as it stands, from memory where nothing has moved since this minute began.

        Errors: WaveRefused("no_running_plan") when there is no plan to change.
        """
        minute = now.replace(second=0, microsecond=0)
        kept = self._kept.get(request_id)
        if kept is not None and kept[0] == minute and kept[1].mark == await running_plans.mark_of(tx, request_id):
            return kept[1]
        state = await read_running_plan(tx, request_id, now)
        self._kept[request_id] = (minute, state)
        self._kept.move_to_end(request_id)
        if len(self._kept) > _KEPT_PLANS:
            self._kept.popitem(last=False)
        return state


async def read_running_plan(
    tx: Transaction, request_id: str, now: datetime, *, lock: bool = False
) -> RunningState:
    """Read a plan as it stands; locked, its rounds and their stops stay as they are till the transaction ends.

    Errors: WaveRefused("no_running_plan").
    """
    given = await plan_inputs.find_input(tx, request_id)
    rows = await running_plans.rounds_of_request(tx, request_id, lock=lock)
    changeable = [row for row in rows if _may_change(row, now)]
    visitors = await running_plans.visitors_of(tx, [row.round_id for row in changeable], lock=lock)
    # After the locks: whatever came before them is in it, and nothing can come after.
    mark = await running_plans.mark_of(tx, request_id)
    if given is None or mark is None:
        raise WaveRefused("no_running_plan")
    problem = problem_from(given.instance)
    crew_ids = [crew.id for crew in problem.crews]
    others = await running_plans.other_starts(tx, crew_ids, request_id)
    sealed, absent = set[str](), set[str]()
    if rows:
        open_ids = [row.round_id for row in changeable]
        sealed = await running_plans.behind_sealed_doors(tx, crew_ids, rows[0].wave_date, open_ids)
        absent = await crews.absent_on(tx, rows[0].wave_date)
    present = [_crew_now(crew, rows, others, (given.time_zero, now)) for crew in problem.crews]
    crews_now = tuple(
        replace(crew, was_sealed=crew.id in sealed, end_s=crew.start_s if crew.id in absent else crew.end_s)
        for crew in present
    )
    held = {visitor.stop_id for visitor in visitors}
    orders = tuple(order for order in problem.orders if order.id in held)
    shown = replace(problem, orders=orders, crews=crews_now)
    plan, rounds_of = plan_of_rounds(shown, changeable, visitors)
    return RunningState(
        request_id=request_id,
        drop_point_id=problem.drop_points[0].id,
        time_zero=given.time_zero,
        late_crews=frozenset(given.late_crews),
        absent=frozenset(absent),
        mark=mark,
        rounds_of=rounds_of,
        running=RunningPlan(shown, plan, _slips(visitors)),
    )


def _may_change(row: RoundRow, now: datetime) -> bool:
    """Whether nobody loads or walks this round yet."""
    return row.state is RoundState.PLANNED or (row.state is RoundState.RELEASED and row.planned_start > now)


def _crew_now(
    crew: Crew,
    rows: Sequence[RoundRow],
    others: Sequence[tuple[str, datetime]],
    times: tuple[datetime, datetime],
) -> Crew:
    """Gives a crew the hours that its fixed rounds, its next plan and the time of day leave it."""
    time_zero, now = times
    own = [row for row in rows if row.crew_id == crew.id]
    changeable = [row for row in own if _may_change(row, now)]
    after = max([now + LEAD, *(row.planned_end for row in own)])
    start = changeable[0].planned_start if changeable else after
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
