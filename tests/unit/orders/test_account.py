"""Accounts that could not be used are refused."""

from dataclasses import replace

import pytest

from services.orders.domain.account import Account, AccountRefused, check_account

GOOD = Account("id", "wang.min", "王敏", frozenset({"operator"}), frozenset({"*"}), frozenset(), True, "verifier")


def test_a_good_account_passes() -> None:
    check_account(GOOD)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (replace(GOOD, login="w"), "login_malformed"),
        (replace(GOOD, login="Wang"), "login_malformed"),
        (replace(GOOD, login="w" * 41), "login_malformed"),
        (replace(GOOD, display_name=" "), "name_missing"),
        (replace(GOOD, roles=frozenset()), "roles_missing"),
        (replace(GOOD, roles=frozenset({"crew"})), "role_unknown"),
        (replace(GOOD, communities=frozenset()), "scope_missing"),
    ],
)
def test_a_bad_account_is_refused(wrong: Account, code: str) -> None:
    with pytest.raises(AccountRefused) as refusal:
        check_account(wrong)
    assert refusal.value.code == code


def test_the_verifier_is_never_printed() -> None:
    assert "verifier" not in repr(GOOD).replace("verifier=", "")
