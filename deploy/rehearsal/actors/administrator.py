"""The administrator: lets the others in."""

from collections.abc import Sequence

from deploy.rehearsal.actors.accounts import ADMINISTRATOR_LOGIN, Account
from deploy.rehearsal.actors.browser import Browser, World


async def open_accounts(world: World, password: str, accounts: Sequence[Account]) -> None:
    """Sign in with the first administrator's password and make every account, for the whole street."""
    browser = Browser(world, "orders", ADMINISTRATOR_LOGIN)
    await browser.sign_in(ADMINISTRATOR_LOGIN, password)
    for account in accounts:
        form = {
            "login": account.login,
            "display_name": account.name,
            "password": account.password,
            "roles": account.role,
            "communities": "*",
            "grids": "*",
        }
        await browser.submit(browser.deed("account", login=account.login, role=account.role), "/staff", form)
