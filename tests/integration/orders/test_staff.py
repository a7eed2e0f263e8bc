"""Accounts over HTTP: the first administrator, new staff, closed accounts, ended sessions."""

from fastapi import FastAPI
from sqlalchemy import text

from services.orders.actions.staff.change_staff import make_first_administrator
from services.orders.pages.asked import office_of
from shared.database.session import transaction
from shared.security.data_keys import DataKey
from tests.integration.orders.desk import ADMIN_PASSWORD, PASSWORD, Desk


async def test_the_first_administrator_lets_an_operator_in(app: FastAPI) -> None:
    admin = await Desk(app).sign_in("admin", ADMIN_PASSWORD)
    made = await admin.post(
        "/staff",
        login="Wang.Min",
        display_name="王敏",
        password=PASSWORD,
        roles="operator",
        communities="莲香社区",
    )
    assert made.status_code == 303, made.text
    operator = await Desk(app).sign_in("wang.min")
    assert (await operator.get("/desk", page=True)).status_code == 200
    assert (await operator.get("/staff", page=True)).status_code == 403
    async with transaction(app.state.parts.engine) as tx:
        rows = await tx.all(text("SELECT body FROM outbox WHERE event_type = 'orders.staff_changed' ORDER BY id"))
    assert [row.body["roles"] for row in rows] == [["administrator"], ["operator"]]
    assert "wang.min" not in str(rows[1].body)


async def test_a_known_login_is_changed_and_keeps_its_password(app: FastAPI) -> None:
    admin = await Desk(app).sign_in("admin", ADMIN_PASSWORD)
    fields = {"login": "wang", "display_name": "王敏", "communities": "*"}
    await admin.post("/staff", password=PASSWORD, roles="operator", **fields)
    changed = await admin.post("/staff", roles="dispatcher", **fields)
    assert changed.status_code == 303, changed.text
    await Desk(app).sign_in("wang")
    accounts = (await admin.get("/staff")).json()["accounts"]
    assert [account["roles"] for account in accounts if account["login"] == "wang"] == [["dispatcher"]]


async def test_ended_sessions_let_nobody_through(app: FastAPI, desks: dict[str, Desk]) -> None:
    accounts = (await desks["admin"].get("/staff")).json()["accounts"]
    account_id = next(account["account_id"] for account in accounts if account["login"] == "lotus")
    assert (await desks["admin"].post(f"/staff/{account_id}/revoke")).status_code == 303
    assert (await desks["lotus"].get("/orders")).status_code == 401
    async with transaction(app.state.parts.engine) as tx:
        told = await tx.scalar(text("SELECT count(*) FROM outbox WHERE event_type = 'orders.sessions_revoked'"))
    assert told == 1


async def test_a_closed_account_is_out_at_once(desks: dict[str, Desk]) -> None:
    fields = {"login": "lotus", "display_name": "lotus", "roles": "operator", "communities": "莲香社区"}
    assert (await desks["admin"].post("/staff", active="no", **fields)).status_code == 303
    assert (await desks["lotus"].get("/orders")).status_code == 401


async def test_accounts_that_could_do_nothing_are_refused(desks: dict[str, Desk]) -> None:
    good = {
        "login": "li.na",
        "display_name": "李娜",
        "password": PASSWORD,
        "roles": "operator",
        "communities": "*",
    }
    for fields, code in (
        ({"login": "李娜"}, "login_malformed"),
        ({"display_name": " "}, "name_missing"),
        ({"roles": ""}, "roles_missing"),
        ({"roles": "emperor"}, "role_unknown"),
        ({"communities": ""}, "scope_missing"),
        ({"password": ""}, "password_missing"),
        ({"password": "short"}, "password_too_short"),
    ):
        answer = await desks["admin"].post("/staff", **{**good, **fields})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)


def test_a_data_key_does_not_print_itself() -> None:
    assert "secret" not in repr(DataKey("subject", b"secret", {"routing": "secret"}))


async def test_the_first_administrator_is_made_once(app: FastAPI) -> None:
    parts = app.state.parts
    async with transaction(parts.engine) as tx:
        await make_first_administrator(tx, office_of(parts), "admin", "another verifier")
    await Desk(app).sign_in("admin", ADMIN_PASSWORD)
    async with transaction(parts.engine) as tx:
        assert await tx.scalar(text("SELECT count(*) FROM staff_accounts")) == 1
