"""The dispatcher: brings estate and roster in, makes a wave, waits for its plan, releases it, admits crews."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from deploy.rehearsal.actors.accounts import Account
from deploy.rehearsal.actors.browser import Browser, File, GaveUp, World

LOOK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class WaveOrder:
    """What the dispatcher asks of the planner. Units: search seconds a drop point; None: routing's default."""

    wave_date: date
    plan_seconds: int | None = None
    wait_within_s: float = 300.0


class Dispatcher:
    """A dispatcher at routing's board."""

    def __init__(self, world: World, account: Account) -> None:
        self._browser = Browser(world, "routing", account.login)
        self._account = account
        self._clock = world.clock

    async def sign_in(self) -> None:
        """Sign in at routing; the account comes by event and may need a moment."""
        await self._browser.sign_in(self._account.login, self._account.password)

    async def import_estate(self, path: Path) -> Mapping[str, Any]:
        """Upload the estate file."""
        return await self._import("estate", "/estate/import", path)

    async def import_roster(self, path: Path) -> Mapping[str, Any]:
        """Upload the crew roster."""
        return await self._import("roster", "/crews/import", path)

    async def make_wave(self, order: WaveOrder) -> str:
        """Make the day's wave for all zones; gives its id."""
        form = {"wave_date": order.wave_date.isoformat(), "zones": "*"}
        if order.plan_seconds is not None:
            form["plan_seconds"] = str(order.plan_seconds)
        deed = self._browser.deed("wave", wave_date=form["wave_date"])
        reply = await self._browser.submit(deed, "/waves", form)
        return reply.headers["location"].rpartition("/")[2].partition("?")[0]

    async def see_wave(self, wave_id: str) -> Mapping[str, Any]:
        """Look at a wave: its state, plan requests, rounds and unassigned orders."""
        return dict(await self._browser.get_json(f"/waves/{wave_id}"))

    async def wait_for_plan(self, wave_id: str, within_s: float = 300.0) -> Mapping[str, Any]:
        """Look at the wave until it is planned.

        Errors: GaveUp when it is not in time.
        """
        until_s = self._clock.monotonic() + within_s
        while (wave := await self.see_wave(wave_id))["state"] == "planning":
            if self._clock.monotonic() > until_s:
                raise GaveUp(f"wave {wave_id} is not planned after {within_s:.0f} s")
            await asyncio.sleep(LOOK_EVERY_S)
        return wave

    async def release_wave(self, wave_id: str) -> None:
        """Release all rounds of the wave."""
        deed = self._browser.deed("release", wave_id=wave_id)
        await self._browser.submit(deed, f"/waves/{wave_id}/release", {})

    async def admit_crew(self, crew_id: str) -> str:
        """Show a crew's way in; gives the code the crew scans."""
        deed = self._browser.deed("admission", crew_id=crew_id)
        said = await self._browser.post_json(deed, f"/crews/{crew_id}/admission", {})
        return str(said["code"])

    async def _import(self, act: str, target: str, path: Path) -> Mapping[str, Any]:
        deed = self._browser.deed(act, file=path.name)
        said = await self._browser.upload(deed, target, File.at(path))
        return dict(said or {})
