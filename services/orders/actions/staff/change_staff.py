"""An administrator lets somebody in, changes what they may do, or closes an account."""

from dataclasses import dataclass, field

from services.orders import events_out
from services.orders.actions.office import Office
from services.orders.domain.account import Account, AccountRefused, StaffWasChanged, check_account
from shared.database.session import Transaction
from shared.security.accounts import StaffAccount, find_account_by_login, fold_login, save_account
from shared.security.data_keys import make_data_key
from shared.security.roles import Role


@dataclass(frozen=True, slots=True)
class StaffChange:
    """An account as it is to be. `verifier` is empty to keep a known account's password."""

    login: str
    display_name: str
    roles: frozenset[str]
    communities: frozenset[str]
    grids: frozenset[str]
    active: bool = True
    verifier: str = field(default="", repr=False)


async def change_staff(tx: Transaction, office: Office, change: StaffChange) -> Account:
    """Write an account down and tell the other services; a known login is changed, a new one made.

    Errors: AccountRefused("password_missing" for a new account, and what `check_account` says).
    """
    login = fold_login(change.login)
    known = await find_account_by_login(tx, login)
    if known is None and not change.verifier:
        raise AccountRefused("password_missing")
    account = Account(
        account_id=known.account_id if known else office.new_id(),
        login=login,
        display_name=change.display_name.strip(),
        roles=change.roles,
        communities=change.communities,
        # `*` and nothing both mean every grid; only one of them is written down.
        grids=change.grids - {"*"},
        active=change.active,
        verifier=change.verifier or (known.verifier if known else ""),
    )
    check_account(account)
    await _write(tx, office, account)
    return account


async def make_first_administrator(tx: Transaction, office: Office, login: str, verifier: str) -> None:
    """Let the first person in: an account that may make all others. Where it exists, nothing happens."""
    if await find_account_by_login(tx, login) is not None:
        return
    administrator = Account(
        account_id=office.new_id(),
        login=fold_login(login),
        display_name=login,
        roles=frozenset({"administrator"}),
        communities=frozenset({"*"}),
        grids=frozenset(),
        active=True,
        verifier=verifier,
    )
    await _write(tx, office, administrator)


async def _write(tx: Transaction, office: Office, account: Account) -> None:
    key = await make_data_key(tx, office.keys, account.account_id, events_out.READERS)
    fact = StaffWasChanged(account)
    sequence = await events_out.publish(tx, fact, {account.account_id: key}, office.clock.now())
    await save_account(
        tx,
        StaffAccount(
            account_id=account.account_id,
            login=account.login,
            display_name=account.display_name,
            roles=frozenset(Role(role) for role in account.roles),
            communities=account.communities,
            grids=account.grids,
            verifier=account.verifier,
            active=account.active,
            changed_sequence=sequence,
        ),
    )
