"""Messages that are due are taken up by one sender, addressed and worded."""

from dataclasses import dataclass

from services.notify import events_out
from services.notify.actions.messages.sending import SendingDesk
from services.notify.channels.channel import Parcel
from services.notify.domain.contact import language_of, whom_to_tell
from services.notify.domain.message import NO_PHONE, UNREADABLE, Outcome, Verdict
from services.notify.domain.wording import Setting, word
from services.notify.storage import links, messages
from services.notify.storage.contacts import SealedContact
from services.notify.storage.messages import Lease
from shared.database.session import Transaction
from shared.security.sealed_columns import SealBroken


@dataclass(frozen=True, slots=True)
class ToSend:
    """One leased message and what the provider is to get; after `sure_until_s` it may not be called any more."""

    lease: Lease
    parcel: Parcel
    sure_until_s: float


@dataclass(frozen=True, slots=True)
class Leased:
    """What one turn took up: to be sent, and what nobody can be told."""

    to_send: list[ToSend]
    nobody_to_tell: list[Outcome]


async def lease_due(tx: Transaction, desk: SendingDesk) -> Leased:
    """Take up the heads of the households' lines and write their texts.

    The lease must be committed before the first call. A second sender gets other messages.
    """
    # Read before the database's clock is: our idea of the lease's end must not come after its own.
    began_s = desk.clock.monotonic()
    leases = await messages.lease(tx, desk.clock.now(), desk.rules.batch, desk.rules.lease_s)
    addressed = [lease for lease in leases if lease.sealed_contact is not None]
    keys = await desk.opened_keys.load(tx, [lease.household_id for lease in addressed])
    setting = Setting(desk.hotline, desk.zone, desk.clock.now().astimezone(desk.zone).date())
    sure_until_s = began_s + desk.rules.lease_s - 2 * desk.channel.call_limit_s
    leased = Leased([], [])
    for lease in leases:
        parcel = _parcel(desk, lease, keys.get(lease.household_id), setting)
        if isinstance(parcel, Verdict):
            leased.nobody_to_tell.append(Outcome(lease.message_id, lease.fence, lease.calls, parcel))
        else:
            leased.to_send.append(ToSend(lease, parcel, sure_until_s))
    return leased


async def pass_over_late(tx: Transaction, desk: SendingDesk) -> int:
    """After an outage only the newest news of each order is sent; says how many were passed over."""
    now = desk.clock.now()
    ended = await messages.supersede_late(tx, now)
    await events_out.publish_fates(tx, ended, desk.channel.name, now)
    return len(ended)


def _parcel(desk: SendingDesk, lease: Lease, key: bytes | None, setting: Setting) -> Parcel | Verdict:
    if lease.sealed_contact is None:
        return NO_PHONE
    if key is None:
        return UNREADABLE
    try:
        contact = SealedContact(lease.household_id, lease.language, lease.sealed_contact).open(key)
    except SealBroken:
        # One damaged row must not keep everybody else from being told; the desk sees this fate.
        return UNREADABLE
    person = whom_to_tell(contact)
    if person is None or person.phone is None:
        return NO_PHONE
    token = links.token_of(desk.link_key, lease.household_id, lease.link_generation)
    text = word(lease.telling, language_of(lease.language), f"{desk.link_base}/s/{token}", setting)
    return Parcel(lease.message_id, person.phone, text)
