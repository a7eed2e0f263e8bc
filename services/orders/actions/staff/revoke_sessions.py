"""An administrator ends all sessions of an account, here and in the other services."""

from services.orders import events_out
from services.orders.actions.office import Office
from services.orders.domain.account import AccountNotFound, SessionsWereRevoked
from shared.database.session import Transaction
from shared.security import accounts


async def revoke_sessions(tx: Transaction, office: Office, account_id: str) -> None:
    """End the account's sessions here at once, and tell the others, who do so when the event arrives.

    A second time ends the sessions begun since.
    Errors: AccountNotFound.
    """
    if await accounts.find_account(tx, account_id) is None:
        raise AccountNotFound("not_found")
    await accounts.revoke_sessions(tx, account_id)
    at = office.clock.now()
    await events_out.publish(tx, SessionsWereRevoked(account_id, at), events_out.NO_KEYS, at)
