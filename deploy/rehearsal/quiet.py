"""Waits until the services rest: nothing unsent, waiting, unheard or due. Never blindly."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from deploy.rehearsal.auditor.databases import Backlog, DatabaseAway, Databases
from deploy.rehearsal.trouble import Trouble
from shared.basics.clock import Clock
from shared.contracts.topics import SERVICES, TOPICS

LOOK_EVERY_S = 0.2
_ALL_WAYS = tuple(f"{topic.name} > {reader}" for topic in TOPICS for reader in topic.readers)


class NotQuiet(Trouble):
    """The services did not come to rest in time; the text says what each still has to do."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """A look at all backlogs, through the auditor's eyes."""

    databases: Databases
    clock: Clock
    within_s: float = 120.0

    async def until_heard(self, writer: str, reader: str) -> None:
        """Wait until one service has applied everything that another has written.

        Errors: NotQuiet after `within_s`.
        """

        def is_heard(unheard: dict[str, int], _: object) -> bool:
            return not any(_is_between(way, writer, reader) for way in unheard)

        await self._until(is_heard, f"news of {writer} that {reader} has not applied")

    async def until_rest(self) -> None:
        """Wait until nothing at all is left to do.

        Errors: NotQuiet after `within_s`.
        """
        await self._until(
            lambda unheard, backlogs: not unheard and all(each.rests for each in backlogs.values()), "work"
        )

    async def _until(self, is_so: Callable[[dict[str, int], dict[str, Backlog]], bool], what: str) -> None:
        until_s = self.clock.monotonic() + self.within_s
        while True:
            try:
                unheard, backlogs = await self.look()
            except DatabaseAway:
                # The server was just killed, and comes back.
                unheard, backlogs = dict.fromkeys(_ALL_WAYS, 1), {}
            if is_so(unheard, backlogs):
                return
            if self.clock.monotonic() > until_s:
                raise NotQuiet(f"after {self.within_s:.0f} s there is still {what}: {unheard} {backlogs}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> tuple[dict[str, int], dict[str, Backlog]]:
        """How many events each reader has not applied yet, by topic and reader; and each service's backlog."""
        unheard: dict[str, int] = {}
        written = {service: await self.databases.event_count(service) for service in SERVICES}
        applied = {service: await self.databases.applied_count(service) for service in SERVICES}
        for topic in TOPICS:
            for reader in topic.readers:
                behind = written[topic.writer].get(topic.name, 0) - applied[reader].get(topic.name, 0)
                if behind > 0:
                    unheard[f"{topic.name} > {reader}"] = behind
        return unheard, {service: await self.databases.backlog(service) for service in SERVICES}


def _is_between(way: str, writer: str, reader: str) -> bool:
    return way.startswith(f"{writer}.") and way.endswith(f"> {reader}")
