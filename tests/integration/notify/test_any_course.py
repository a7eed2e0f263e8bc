"""Whatever happens and whatever is lost on the way: everybody is told once, in order, and nobody is forgotten."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from services.notify.channels.channel import CallAnswer, Parcel, QueryAnswer
from services.notify.domain.message import CallEnd, Capability, QueryEnd
from services.notify.domain.news import RANK, News
from shared.basics.randomness import SeededRandomness
from shared.contracts.envelope import Contract
from shared.database.session import transaction
from tests.integration.notify.town import Town

HOUSEHOLDS = ("h-1", "h-2")
STEPS = 60


@dataclass
class ForgetfulProvider:
    """Takes what it takes, tells of it or not, and is truthful when asked and awake."""

    randomness: SeededRandomness
    capability: Capability = Capability.QUERYABLE
    name: str = "sms"
    call_limit_s: float = 0.5
    is_calm: bool = False
    taken: list[str] = field(default_factory=list)

    async def send(self, parcel: Parcel) -> CallAnswer:
        luck = 9 if self.is_calm else self.randomness.randint(0, 9)
        if luck == 0:
            return CallAnswer(CallEnd.NOT_TAKEN)
        if luck == 1:
            return CallAnswer(CallEnd.UNSURE)
        self.taken.append(parcel.reference)
        return CallAnswer(CallEnd.UNSURE) if luck in {2, 3} else CallAnswer(CallEnd.TAKEN, f"p-{len(self.taken)}")

    async def find(self, reference: str) -> QueryAnswer:
        if not self.is_calm and self.randomness.randint(0, 3) == 0:
            return QueryAnswer(QueryEnd.NO_ANSWER)
        return QueryAnswer(QueryEnd.HAS_IT if reference in self.taken else QueryEnd.HAS_NOT)

    async def close(self) -> None:
        """Nothing is open."""


def _event(town: Town, randomness: SeededRandomness, attempts: dict[str, int]) -> Contract:
    household = HOUSEHOLDS[randomness.randint(0, 1)]
    order = f"o-{household[-1]}00{randomness.randint(0, 1)}"
    if order not in attempts:
        attempts[order] = 1
        return town.placed(household, order)
    pick = randomness.randint(0, 8)
    if pick == 0:
        attempts[order] += 1
        return town.retried(household, order, attempts[order])
    makers = (
        town.scheduled,
        town.unplanned,
        town.out,
        town.delivered,
        town.failed,
        town.corrected,
        town.cancelled,
        town.changed,
    )
    return makers[pick - 1](household, order)


async def _some_time(town: Town, randomness: SeededRandomness) -> None:
    town.clock.advance((0, 10, 61, 3600)[randomness.randint(0, 3)])
    if randomness.randint(0, 4) == 0:
        await town.real_time_passes(13)


async def _settle(town: Town, provider: ForgetfulProvider) -> None:
    provider.is_calm = True
    town.clock.advance(24 * 3600)
    for _ in range(60):
        await town.real_time_passes(40)
        await town.fates.turn()
        await town.sender.turn()


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(6, 60))]
)
async def test_every_message_is_told_once_in_order_or_passed_over_for_a_newer_one(town: Town, seed: int) -> None:
    randomness = SeededRandomness(seed)
    provider = ForgetfulProvider(randomness)
    town.use_channel(provider)
    attempts: dict[str, int] = {}
    for _ in range(STEPS):
        act = randomness.randint(0, 5)
        if act <= 2:
            await town.hear(_event(town, randomness, attempts))
        elif act == 3:
            await _some_time(town, randomness)
        elif act == 4:
            await town.fates.turn()
        else:
            await town.sender.turn()
    await _settle(town, provider)

    rows = {row.message_id: row for row in await town.rows("SELECT * FROM messages ORDER BY position")}
    assert len(provider.taken) == len(set(provider.taken))
    assert {row.state for row in rows.values()} <= {"accepted", "superseded"}
    assert {row.message_id for row in rows.values() if row.state == "accepted"} == set(provider.taken)
    furthest: dict[str, tuple[int, int]] = {}
    for reference in provider.taken:
        row = rows[reference]
        step = (row.telling, RANK[News(row.news)])
        assert step >= furthest.get(row.order_id, (0, 0))
        furthest[row.order_id] = step
    fates = await town.rows(
        "SELECT body->>'message_id' AS id FROM outbox WHERE event_type = 'notify.message_fate'"
    )
    assert sorted(fate.id for fate in fates) == sorted(rows)


async def test_positions_of_a_household_follow_the_order_in_which_it_was_told(town: Town) -> None:
    for number in range(4):
        await town.hear(town.placed("h-1", f"o-{number:04}"))
    while await town.sender.turn() == 0:
        pass
    async with transaction(town.engine) as tx:
        order = [row.message_id for row in await tx.all(text("SELECT message_id FROM messages ORDER BY position"))]
    assert [parcel.reference for parcel in town.provider.taken] == order
