"""The staff of a rehearsed street: who may sign in, as what, with which password."""

from dataclasses import dataclass

from shared.basics.randomness import Randomness

ADMINISTRATOR_LOGIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """One member of staff. Passwords are made once for each state folder and printed by the demo."""

    login: str
    name: str
    role: str
    password: str


def make_accounts(randomness: Randomness) -> list[Account]:
    """An officer, a dispatcher, an operator and an auditor, each with a password of its own."""
    people = (("officer", "周宁"), ("dispatcher", "何晓"), ("operator", "林青"), ("auditor", "方正"))
    return [Account(f"{role}1", name, role, f"demo-{randomness.token_urlsafe(9)}") for role, name in people]


def account_of(accounts: list[Account], role: str) -> Account:
    """The account that bears this role."""
    return next(account for account in accounts if account.role == role)
