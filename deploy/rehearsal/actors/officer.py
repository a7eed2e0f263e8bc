"""The street's officer: seals zones and says which buildings are positive."""

from deploy.rehearsal.actors.accounts import Account
from deploy.rehearsal.actors.browser import Browser, World
from deploy.rehearsal.scenario.street import Street


class Officer:
    """An officer at orders' pages."""

    def __init__(self, world: World, account: Account) -> None:
        self._browser = Browser(world, "orders", account.login)
        self._account = account

    async def sign_in(self) -> None:
        """Sign in at orders."""
        await self._browser.sign_in(self._account.login, self._account.password)

    async def seal_zones(self, street: Street) -> None:
        """Write every zone with its class, the day it begins and the compounds in it."""
        names = {compound.id: compound.name for compound in street.compounds}
        for zone in street.zones:
            form = {
                "community": zone.community,
                "grid": zone.grid,
                "name": zone.name,
                "zone_class": zone.zone_class,
                "valid_from": zone.sealed_from.isoformat(),
                "compounds": "\n".join(names[compound] for compound in zone.compounds),
            }
            await self._browser.submit(self._browser.deed("zone", name=zone.name), "/zones", form)

    async def mark_positive_buildings(self, street: Street) -> None:
        """Say of each positive building that it is; all others are clean unless somebody says so."""
        names = {compound.id: compound.name for compound in street.compounds}
        for building in street.buildings:
            if building.handling == "positive":
                form = {"compound": names[building.compound], "building": building.name, "handling": "positive"}
                deed = self._browser.deed("handling", compound=form["compound"], building=building.name)
                await self._browser.submit(deed, "/buildings/handling", form)
