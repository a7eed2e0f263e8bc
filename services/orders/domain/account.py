"""Accounts of staff: who works here, with which roles, where."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from shared.basics.errors import NotFound, Refused

# Crews and residents are no accounts: they come by a supervisor's QR and by a link.
STAFF_ROLES = ("operator", "dispatcher", "officer", "administrator", "auditor")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


class AccountRefused(Refused):
    """An account cannot be like this."""


class AccountNotFound(NotFound):
    """No such account."""


@dataclass(frozen=True, slots=True)
class Account:
    """One member of staff. `communities` may hold `*` for the whole street; so may `grids`, or be empty."""

    account_id: str
    login: str
    display_name: str
    roles: frozenset[str]
    communities: frozenset[str]
    grids: frozenset[str]
    active: bool
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StaffWasChanged:
    """An account stands like this now."""

    account: Account


@dataclass(frozen=True, slots=True)
class SessionsWereRevoked:
    """Every session of this account opened before this moment has ended."""

    account_id: str
    before: datetime


def check_account(account: Account) -> None:
    """Refuse an account that could not be used, or could do nothing.

    Errors: AccountRefused("login_malformed" | "name_missing" | "roles_missing" | "role_unknown" |
            "scope_missing").
    """
    if not _LOGIN.fullmatch(account.login):
        raise AccountRefused("login_malformed")
    if not account.display_name.strip():
        raise AccountRefused("name_missing")
    if not account.roles:
        raise AccountRefused("roles_missing")
    for role in sorted(account.roles):
        if role not in STAFF_ROLES:
            raise AccountRefused("role_unknown", role=role)
    if not account.communities:
        raise AccountRefused("scope_missing")
