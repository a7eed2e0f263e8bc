"""A crew with a trolley and one phone: loads, taps door by door, brings back what did not stay, closes."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.rehearsal.actors.browser import Browser, World
from deploy.rehearsal.trouble import Trouble

MOST_EVENTS = 20
ACCEPTED = frozenset({"accepted", "conflict"})


class TapRefused(Trouble):
    """Routing rejected what the crew said; the text holds its code."""


@dataclass(frozen=True, slots=True)
class DoorPlan:
    """What happens to one order: bags missing when loading, bags damaged on the way, nobody at the door."""

    nobody_there: bool = False
    short_bags: int = 0
    damaged_bags: int = 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a crew walks: taps sent at once, and a rest before each sending, told how many stops the round has."""

    rest: Callable[[int], Awaitable[None]]
    taps_a_call: int = MOST_EVENTS


# Kind, payload and stop of a tap.
_Said = tuple[str, dict[str, Any], str]
ForOrder = Callable[[Mapping[str, Any]], DoorPlan]


class Crew:
    """One crew's phone."""

    def __init__(self, world: World, crew_id: str) -> None:
        self._browser = Browser(world, "routing", f"crew {crew_id}")
        self._world = world
        self._seq = 0
        self._device_id = world.randomness.token_urlsafe(8)

    async def enter(self, code: str) -> None:
        """Scan the admission code; the crew's cookie stays in this phone."""
        await self._browser.submit(self._browser.deed("enter"), "/crew/admission", {"code": code})

    async def see_round(self) -> Mapping[str, Any] | None:
        """The crew's next unfinished round; None when there is nothing to do."""
        seen = await self._browser.get_json("/crew/v1/round")
        return dict(seen) if seen and seen.get("round_id") else None

    async def walk(self, crew_round: Mapping[str, Any], what_happens: ForOrder, manner: Manner) -> None:
        """Do a round, or what is left of it: load, every door bag by bag, bring back, close."""
        stops = [stop for stop in crew_round["stops"] if not stop["cancelled"]]
        plans = {stop["stop_id"]: what_happens(stop) for stop in stops}
        missing = set()
        if crew_round["state"] == "released":
            missing = {
                bag["bag_id"] for stop in stops for bag in stop["bags"][: plans[stop["stop_id"]].short_bags]
            }
            short = [{"bag_id": bag_id, "reason": "short"} for bag_id in sorted(missing)]
            await self._say(crew_round, [self._event(crew_round, "round_loaded", {"short": short})])
        told: list[_Said] = []
        back: list[str] = [bag["bag_id"] for bag in _bags(stops) if bag["place"] == "cart" and bag["outcome"]]
        for stop in stops:
            open_bags = [b["bag_id"] for b in stop["bags"] if b["outcome"] is None and b["bag_id"] not in missing]
            said, brought_back = _at_door(stop["stop_id"], open_bags, plans[stop["stop_id"]])
            told += said
            back += brought_back
        for start in range(0, len(told), manner.taps_a_call):
            await manner.rest(len(stops))
            chosen = told[start : start + manner.taps_a_call]
            await self._say(crew_round, [self._event(crew_round, *said) for said in chosen])
        last = [self._event(crew_round, "returned", {"bag_ids": back})] if back else []
        await self._say(crew_round, [*last, self._event(crew_round, "round_closed", {})])

    def _event(
        self, crew_round: Mapping[str, Any], kind: str, payload: Mapping[str, Any], stop_id: str | None = None
    ) -> dict[str, Any]:
        self._seq += 1
        return {
            "event_id": str(uuid.UUID(bytes=self._world.randomness.token_bytes(16), version=4)),
            "device_id": self._device_id,
            "seq": self._seq,
            "round_id": crew_round["round_id"],
            "round_version": crew_round["version"],
            "stop_id": stop_id,
            "type": kind,
            "at": self._world.street_now().isoformat(),
            "offset_ms": 0,
            "payload": payload,
        }

    async def _say(self, crew_round: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> None:
        taps = [{"event_id": event["event_id"], "type": event["type"]} for event in events]
        deed = self._browser.deed("taps", round_id=crew_round["round_id"], taps=taps)
        said = await self._browser.post_json(deed, "/crew/v1/events", {"events": list(events)})
        wrong = [result for result in said["results"] if result["outcome"] not in ACCEPTED]
        if wrong:
            raise TapRefused(f"round {crew_round['round_id']}: {wrong[:3]}")


def _at_door(stop_id: str, bag_ids: Sequence[str], plan: DoorPlan) -> tuple[list[_Said], list[str]]:
    """What is tapped at one door, once for each bag that stays, and the bags that go back."""
    missed = bag_ids if plan.nobody_there else bag_ids[: plan.damaged_bags]
    said: list[_Said] = []
    if missed:
        reason = "no_answer" if plan.nobody_there else "damaged"
        said.append(("not_delivered", {"reason": reason, "bag_ids": list(missed)}, stop_id))
    left = [bag_id for bag_id in bag_ids if bag_id not in missed]
    said += [("delivered", {"bag_ids": [bag_id]}, stop_id) for bag_id in left]
    return said, list(missed)


def _bags(stops: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [bag for stop in stops for bag in stop["bags"]]
