"""What orders says about staff: who may sign in here, and whose sessions are over."""

from shared.database.session import Transaction
from shared.security.accounts import StaffAccount, revoke_sessions, save_account


async def follow_staff(tx: Transaction, account: StaffAccount) -> None:
    """Keep an account as it stands; an inactive one loses its sessions. An older word changes nothing."""
    await save_account(tx, account)


async def end_sessions(tx: Transaction, account_id: str) -> None:
    """End every session of an account. The second time there is none."""
    await revoke_sessions(tx, account_id)
