"""A crew with a trolley and one phone: loads, taps door by door, brings back what did not stay, closes."""

import uuid
from collections.abc import Callable, Mapping, Sequence
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

    async def walk(self, crew_round: Mapping[str, Any], what_happens: ForOrder) -> None:
        """Do a whole round: load, every door bag by bag, bring back, close."""
        plans = {stop["stop_id"]: what_happens(stop) for stop in crew_round["stops"]}
        stops = [stop for stop in crew_round["stops"] if not is_cancelled(stop)]
        short = [bag for stop in stops for bag in stop["bags"][: plans[stop["stop_id"]].short_bags]]
        payload = {"short": [{"bag_id": bag["bag_id"], "reason": "short"} for bag in short]}
        await self._say(crew_round, [self._event(crew_round, "round_loaded", payload)])
        taps: list[dict[str, Any]] = []
        back: list[str] = []
        for stop in stops:
            said, brought_back = self._at_door(crew_round, stop, plans[stop["stop_id"]])
            taps += said
            back += brought_back
        for start in range(0, len(taps), MOST_EVENTS):
            await self._say(crew_round, taps[start : start + MOST_EVENTS])
        last = [self._event(crew_round, "returned", {"bag_ids": back})] if back else []
        await self._say(crew_round, [*last, self._event(crew_round, "round_closed", {})])

    def _at_door(
        self, crew_round: Mapping[str, Any], stop: Mapping[str, Any], plan: DoorPlan
    ) -> tuple[list[dict[str, Any]], list[str]]:
        """The taps at one door, one for each bag, and the bags that go back."""
        here = [bag["bag_id"] for bag in stop["bags"][plan.short_bags :]]
        damaged = here[: plan.damaged_bags]
        missed = here if plan.nobody_there else damaged
        reason = "no_answer" if plan.nobody_there else "damaged"
        left = [bag_id for bag_id in here if bag_id not in missed]
        events = []
        if missed:
            payload: dict[str, Any] = {"reason": reason, "bag_ids": missed}
            events.append(self._event(crew_round, "not_delivered", payload, stop["stop_id"]))
        events += [self._event(crew_round, "delivered", {"bag_ids": [bag_id]}, stop["stop_id"]) for bag_id in left]
        return events, missed

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
            "at": self._world.clock.now().isoformat(),
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


def is_cancelled(stop: Mapping[str, Any]) -> bool:
    """Whether this stop fell away before the round was loaded."""
    return bool(stop.get("cancelled")) or stop.get("state") == "cancelled"
