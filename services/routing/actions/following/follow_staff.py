"""Learns who works here, and who no longer does."""

from shared.database.session import Transaction
from shared.security.accounts import StaffAccount, revoke_sessions, save_account


async def follow_staff(tx: Transaction, account: StaffAccount) -> None:
    """Write an account down as it stands; a closed one loses its sessions. A second time changes nothing."""
    await save_account(tx, account)


async def follow_revocation(tx: Transaction, account_id: str) -> None:
    """End every session of an account. A second time changes nothing."""
    await revoke_sessions(tx, account_id)
