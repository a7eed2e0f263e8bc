"""Whatever a crew says in whatever order, no bag is lost, doubled or told twice."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.routing.domain.bag import BagMove, BagOutcome, BagPlace, MissReason, balance
from services.routing.domain.round import Fact, RoundState
from services.routing.domain.stop import StopState, StopWasMissed, StopWasReopened, StopWasServed
from services.routing.domain.take_tap import take
from services.routing.domain.tap import Tap, Verdict
from tests.unit.routing.rounds import NINE, a_round, a_stop, closed, delivered, loaded, missed, returned, undo

STOPS = (1, 2, 3)
BAGS = [f"bag-{stop}-{bag}" for stop in STOPS for bag in (1, 2)]


class RoundMachine(RuleBasedStateMachine):
    """A crew that says anything at all."""

    def __init__(self) -> None:
        super().__init__()
        self.round = a_round(a_stop(1), a_stop(2, cancelled=True), a_stop(3))
        self.moves = [BagMove(bag, BagPlace.SUPPLIER, BagPlace.DROP_POINT) for bag in BAGS]
        self.facts: list[Fact] = []
        self.taps: list[str] = []
        self.minute = 0

    def say(self, tap: Tap) -> None:
        self.minute += 1
        before = self.round
        taken = take(before, tap, NINE + timedelta(minutes=self.minute))
        if taken.outcome.verdict is Verdict.REJECTED:
            assert (taken.round, taken.facts, taken.moves, taken.tasks) == (before, (), (), ())
        self.round = taken.round
        self.moves += taken.moves
        self.facts += taken.facts

    def fresh_id(self) -> str:
        self.taps.append(f"tap-{len(self.taps)}")
        return self.taps[-1]

    @rule(short=st.sets(st.sampled_from(BAGS)))
    def load(self, short: set[str]) -> None:
        self.say(loaded(*short))

    @rule(stop=st.sampled_from(STOPS), bags=st.sets(st.sampled_from((1, 2))))
    def deliver(self, stop: int, bags: set[int]) -> None:
        self.say(delivered(stop, *(f"bag-{stop}-{bag}" for bag in bags), tap_id=self.fresh_id()))

    @rule(stop=st.sampled_from(STOPS), bags=st.sets(st.sampled_from((1, 2))), reason=st.sampled_from(MissReason))
    def miss(self, stop: int, bags: set[int], reason: MissReason) -> None:
        self.say(missed(stop, *(f"bag-{stop}-{bag}" for bag in bags), reason=reason, tap_id=self.fresh_id()))

    @precondition(lambda self: self.taps)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        self.say(undo(data.draw(st.sampled_from(self.taps))))

    @rule(bags=st.sets(st.sampled_from(BAGS)))
    def bring_back(self, bags: set[str]) -> None:
        self.say(returned(*bags))

    @rule()
    def close(self) -> None:
        self.say(closed())

    @invariant()
    def every_bag_is_in_one_place_and_all_moves_sum_to_zero(self) -> None:
        counts = balance(self.moves)
        assert sum(counts.values()) == 0
        assert counts[BagPlace.SUPPLIER] == -len(BAGS)
        standing = [bag.place for stop in self.round.stops for bag in stop.bags]
        for place in BagPlace:
            if place is not BagPlace.SUPPLIER:
                assert counts.get(place, 0) == standing.count(place)

    @invariant()
    def a_delivered_bag_is_at_the_door_and_no_other_is(self) -> None:
        for stop in self.round.stops:
            for bag in stop.bags:
                assert (bag.outcome is BagOutcome.DELIVERED) == (bag.place is BagPlace.DOOR)

    @invariant()
    def what_was_told_last_is_how_each_bag_stands(self) -> None:
        told: dict[str, str] = {}
        for fact in self.facts:
            if isinstance(fact, StopWasServed):
                assert all(told.get(bag) != "door" for bag in fact.bag_ids)
                told |= dict.fromkeys(fact.bag_ids, "door")
            elif isinstance(fact, StopWasMissed):
                told |= dict.fromkeys(fact.bag_ids, "missed")
            elif isinstance(fact, StopWasReopened):
                stop = fact.stop_id.removeprefix("stop-")
                told = {bag: said for bag, said in told.items() if not bag.startswith(f"bag-{stop}-")}
        for stop in self.round.stops:
            for bag in stop.bags:
                assert (bag.place is BagPlace.DOOR) == (told.get(bag.bag_id) == "door")
                if bag.outcome is BagOutcome.FAILED:
                    assert told[bag.bag_id] == "missed"
                if bag.outcome is BagOutcome.SHORT and stop.state is StopState.CLOSED:
                    assert told[bag.bag_id] == "missed"

    @invariant()
    def a_closed_round_has_an_empty_trolley(self) -> None:
        if self.round.state is RoundState.CLOSED:
            bags = [bag for stop in self.round.stops for bag in stop.bags]
            assert all(bag.outcome is not None and bag.place is not BagPlace.CART for bag in bags)

    @invariant()
    def a_closed_stop_has_no_open_bag(self) -> None:
        for stop in self.round.stops:
            if stop.state is StopState.CLOSED:
                assert stop.open_bags == ()


RoundMachine.TestCase.settings = settings(max_examples=120, stateful_step_count=30)
TestRoundMachine = RoundMachine.TestCase
