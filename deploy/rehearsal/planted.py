"""Faults planted behind the services' backs, by real means: each must turn the drill red.

loss: an event vanishes from orders' outbox before it is sent. duplicate: a provider call is repeated past notify.
disorder: a message is held on its way to the provider until a later one about the same order has passed it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from deploy.local import postgres
from deploy.local.launcher import System
from deploy.local.processes import free_ports
from deploy.rehearsal.dishonest_courier import DishonestCourier

LOSS, DUPLICATE, DISORDER = "loss", "duplicate", "disorder"
PLANTS = ("", LOSS, DUPLICATE, DISORDER)

# The owner's login may do this, the service's may not. The row goes in the very transaction that wrote it.
_FORGET_ONE_EVENT = """
    CREATE TABLE planted_loss (done boolean);
    CREATE FUNCTION forget_one_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF NEW.event_type = 'orders.order_placed' AND NOT EXISTS (SELECT FROM planted_loss) THEN
            INSERT INTO planted_loss VALUES (true);
            DELETE FROM outbox WHERE id = NEW.id;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER planted_loss AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION forget_one_event();
"""


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted fault, or none; `port` is where a courier stands if there is one."""

    kind: str
    port: int = 0

    @classmethod
    def of(cls, kind: str) -> "Plant":
        """The fault by its name in PLANT. Errors: ValueError for an unknown one."""
        if kind not in PLANTS:
            raise ValueError(f"PLANT is one of loss, duplicate, disorder; not {kind!r}")
        return cls(kind, free_ports(1)[0] if kind in {DUPLICATE, DISORDER} else 0)

    @property
    def settings(self) -> Mapping[str, Mapping[str, str]]:
        """What notify must be told otherwise so that its calls go by the courier."""
        return {"notify": {"SMS_PROVIDER_URL": f"http://127.0.0.1:{self.port}"}} if self.port else {}

    @asynccontextmanager
    async def at_work(self, system: System) -> AsyncIterator[None]:
        """Plant the fault and keep it planted while the block runs."""
        if self.kind == LOSS:
            await _forget_one_event(system)
        if self.port:
            async with DishonestCourier(self.kind, system.urls["sms"]).at_work(self.port):
                yield
        else:
            yield


async def _forget_one_event(system: System) -> None:
    server = postgres.place_server(system.state.folder, system.plan.ports.postgres, system.state.passwords)
    owner = await server.connect("orders_owner", "orders")
    try:
        await owner.execute(_FORGET_ONE_EVENT)
    finally:
        await owner.close()
