"""Staff accounts as every service keeps them: written from orders' events, read at sign-in."""

from dataclasses import dataclass, field

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database.session import Transaction
from shared.security.passwords import is_password, make_verifier, needs_rehash
from shared.security.roles import Role
from shared.security.scope import Actor
from shared.security.tables import sessions, staff_accounts


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """One member of staff, with the verifier of the password and never the password."""

    account_id: str
    login: str
    display_name: str
    roles: frozenset[Role]
    communities: frozenset[str]
    grids: frozenset[str]
    verifier: str = field(repr=False)
    active: bool
    changed_sequence: int

    def actor(self) -> Actor:
        """This member of staff as one who was let in."""
        return Actor(self.account_id, self.display_name, self.roles, self.communities, self.grids)


async def save_account(tx: Transaction, account: StaffAccount) -> None:
    """Write an account unless a newer change is there already; an inactive one loses its sessions at once.

    The second time nothing changes.
    """
    values = {
        "login": fold_login(account.login),
        "display_name": account.display_name,
        "roles": sorted(account.roles),
        "communities": sorted(account.communities),
        "grids": sorted(account.grids),
        "verifier": account.verifier,
        "active": account.active,
        "changed_sequence": account.changed_sequence,
    }
    await tx.execute(
        insert(staff_accounts)
        .values(account_id=account.account_id, **values)
        .on_conflict_do_update(
            index_elements=[staff_accounts.c.account_id],
            set_=values,
            where=staff_accounts.c.changed_sequence < account.changed_sequence,
        )
    )
    if not account.active:
        await revoke_sessions(tx, account.account_id)


async def find_account(tx: Transaction, account_id: str) -> StaffAccount | None:
    """One account by its id."""
    row = await tx.first(select(staff_accounts).where(staff_accounts.c.account_id == account_id))
    return None if row is None else account_from(row)


async def find_account_by_login(tx: Transaction, login: str) -> StaffAccount | None:
    """One account by the name its owner types."""
    row = await tx.first(select(staff_accounts).where(staff_accounts.c.login == fold_login(login)))
    return None if row is None else account_from(row)


async def list_accounts(tx: Transaction) -> list[StaffAccount]:
    """All accounts, by login."""
    return [account_from(row) for row in await tx.all(select(staff_accounts).order_by(staff_accounts.c.login))]


async def revoke_sessions(tx: Transaction, account_id: str) -> int:
    """End all sessions of an account in this service; says how many there were."""
    done = await tx.execute(delete(sessions).where(sessions.c.account_id == account_id))
    return done.rowcount


async def has_right_password(account: StaffAccount | None, password: str) -> bool:
    """Whether this account may enter with this password; an unknown one costs the same time."""
    usable = account is not None and account.active
    right = await is_password(account.verifier if account is not None else None, password)
    return right and usable


async def strengthen_verifier(tx: Transaction, account: StaffAccount, password: str) -> None:
    """Hash again with today's parameters what was hashed with weaker ones; call after a right password."""
    if needs_rehash(account.verifier):
        await tx.execute(
            update(staff_accounts)
            .where(staff_accounts.c.account_id == account.account_id)
            .where(staff_accounts.c.verifier == account.verifier)
            .values(verifier=make_verifier(password))
        )


def account_from(row: Row[tuple[object, ...]]) -> StaffAccount:
    """An account from a row that has all columns of `staff_accounts`."""
    return StaffAccount(
        account_id=row.account_id,
        login=row.login,
        display_name=row.display_name,
        roles=frozenset(Role(role) for role in row.roles),
        communities=frozenset(row.communities),
        grids=frozenset(row.grids),
        verifier=row.verifier,
        active=row.active,
        changed_sequence=row.changed_sequence,
    )


def fold_login(login: str) -> str:
    """A login as stored: without outer blanks, in small letters."""
    return login.strip().casefold()
