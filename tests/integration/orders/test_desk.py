"""The desk over HTTP: finding, placing once, refusing with reasons, never outside one's own community."""

import asyncio
import re

from fastapi import FastAPI

from shared.web.app import declared_routes
from tests.integration.orders.desk import (
    BANYAN_HOME,
    LOTUS_HOME,
    Desk,
    a_home,
    a_register,
)

ORDER = {"wave_date": "2022-03-04", "pack": "standard", "priority": "normal", "note": ""}


async def test_a_home_is_found_by_any_spelling_of_its_door(desks: dict[str, Desk]) -> None:
    home = await a_home(desks["lotus"])
    for typed in (
        "5-1-1802",
        "5 1802",
        "5号楼1单元1802",
        "五号楼一单元1802室",
        "1802",
        "5-1-18",
        "梅香花园5-1-1802",
    ):
        found = (await desks["lotus"].get(f"/api/v1/households?q={typed}")).json()["households"]
        assert [row["household_id"] for row in found] == [home], typed


async def test_four_digits_may_be_a_room_or_a_phone_tail_and_doors_come_first(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    await lotus.bring_in(a_register(LOTUS_HOME, "梅香花园,6号楼,1单元,0301,2,赵敏,13800001802,,,"))
    found = (await lotus.get("/api/v1/households?q=1802")).json()["households"]
    assert [(row["door"], row["match"]) for row in found] == [
        ("5号楼1单元1802", "door"),
        ("6号楼1单元0301", "phone_tail"),
    ]
    whole = (await lotus.get("/api/v1/households?q=138 0000 5621")).json()["households"]
    assert [(row["door"], row["match"]) for row in whole] == [("5号楼1单元1802", "phone")]


async def test_answers_of_the_search_hold_no_name_and_no_whole_number(desks: dict[str, Desk]) -> None:
    await a_home(desks["lotus"])
    answer = await desks["lotus"].get("/api/v1/households?q=1802")
    assert "王*" in answer.text
    assert "建国" not in answer.text
    assert "13800005621" not in answer.text


async def test_an_order_is_placed_and_shown(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    home = await a_home(lotus)
    answer = await lotus.post("/desk/orders", household_id=home, item_EGGS="1", **ORDER)
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert re.fullmatch(rf"/desk/households/{home}\?placed=[0-9a-f-]{{36}}", location)
    order = (await lotus.get(f"/api/v1/orders/{location.partition('=')[2]}")).json()
    assert (order["state"], order["wave_date"]) == ("accepted", "2022-03-04")
    page = await lotus.get(location, page=True)
    assert order["number"] in page.text
    assert page.status_code == 200


async def test_pressing_twice_at_the_same_moment_is_one_order(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    home = await a_home(lotus)
    answers = await asyncio.gather(
        *(lotus.post("/desk/orders", key="the-same-press", household_id=home, **ORDER) for _ in range(6))
    )
    again = await lotus.post("/desk/orders", key="the-same-press", household_id=home, **ORDER)
    places = {a.headers["location"] for a in [*answers, again] if a.status_code == 303}
    assert len(places) == 1
    assert {a.status_code for a in answers} <= {303, 409}
    assert again.headers["x-answered-before"] == "true"
    assert len((await lotus.get("/orders")).json()["orders"]) == 1


async def test_one_key_for_two_different_orders_is_refused(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    home = await a_home(lotus)
    await lotus.post("/desk/orders", key="one-key-only", household_id=home, **ORDER)
    other = await lotus.post("/desk/orders", key="one-key-only", household_id=home, item_EGGS="1", **ORDER)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")


async def test_nonsense_is_refused_with_its_reason_and_figures(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    home = await a_home(lotus)
    for fields, status, code in (
        ({"packs": "0"}, 409, "packs_out_of_range"),
        ({"packs": "500"}, 409, "packs_out_of_range"),
        ({"item_EGGS": "-1"}, 409, "quantity_not_positive"),
        ({"item_EGGS": "500"}, 409, "item_over_limit"),
        ({"item_GOLD": "1"}, 409, "item_unknown"),
        ({"item_EGGS": "many"}, 422, "quantity_unreadable"),
        ({"pack": "none"}, 409, "order_empty"),
        ({"wave_date": "2022-03-03"}, 409, "wave_date_past"),
        ({"wave_date": "2022-04-03"}, 409, "wave_date_too_far"),
        ({"wave_date": "tomorrow"}, 422, "date_unreadable"),
        ({"priority": "now"}, 422, "choice_unknown"),
        ({"note": "x" * 201}, 409, "note_too_long"),
        ({"quick": "qq2"}, 409, "quick_entry_unknown"),
    ):
        answer = await lotus.post("/desk/orders", **{"household_id": home, **ORDER, **fields})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), fields
    unknown = await lotus.post("/desk/orders", household_id="nobody", **ORDER)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "household_unknown")
    keyless = await lotus.client.post("/desk/orders", data={"household_id": home, **ORDER})
    assert keyless.status_code == 422


async def test_a_refused_form_comes_back_as_it_was_typed(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    home = await a_home(lotus)
    answer = await lotus.post(
        "/desk/orders?lang=en", page=True, household_id=home, **{**ORDER, "note": "ring twice"}, item_EGGS="9"
    )
    assert answer.status_code == 409
    assert 'href="#item_EGGS"' in answer.text
    assert 'value="ring twice"' in answer.text


async def test_a_second_order_asks_and_each_answer_works(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    home = await a_home(lotus)
    await lotus.post("/desk/orders", household_id=home, **ORDER)
    asked = await lotus.post("/desk/orders", household_id=home, **ORDER)
    assert (asked.status_code, asked.json()["error"]["code"]) == (409, "order_same_date")
    page = await lotus.post("/desk/orders", page=True, household_id=home, **ORDER)
    assert all(f'name="duplicate" value="{answer}"' in page.text for answer in ("add", "replace", "keep_both"))
    for answer, known in (("add", 1), ("keep_both", 2), ("replace", 3)):
        done = await lotus.post("/desk/orders", household_id=home, duplicate=answer, item_MILK="1", **ORDER)
        assert done.status_code == 303, done.text
        assert len((await lotus.get("/orders")).json()["orders"]) == known


async def test_reading_back_places_nothing(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    home = await a_home(lotus)
    page = await lotus.post("/desk/orders", page=True, household_id=home, step="read_back", quick="mi2", **ORDER)
    assert page.status_code == 200
    assert 'id="read-back"' in page.text
    assert (await lotus.get("/orders")).json()["orders"] == []


async def test_going_back_from_the_read_back_keeps_what_was_typed_and_places_nothing(
    desks: dict[str, Desk],
) -> None:
    lotus = desks["lotus"]
    home = await a_home(lotus)
    page = await lotus.post(
        "/desk/orders", page=True, household_id=home, step="edit", quick="mi2", **{**ORDER, "note": "ring twice"}
    )
    assert page.status_code == 200
    assert 'value="ring twice"' in page.text
    assert 'value="mi2"' in page.text
    assert (await lotus.get("/orders")).json()["orders"] == []


async def test_an_order_is_changed_cancelled_and_not_brought_again_over_http(desks: dict[str, Desk]) -> None:
    lotus = desks["lotus"]
    home = await a_home(lotus)
    placed = await lotus.post("/desk/orders", household_id=home, **ORDER)
    order_id = placed.headers["location"].partition("=")[2]
    changed = await lotus.post(f"/desk/orders/{order_id}/change", household_id=home, item_TOFU="2", **ORDER)
    assert changed.status_code == 303
    bags = (await lotus.get(f"/api/v1/orders/{order_id}")).json()["bags"]
    assert {"code": "TOFU", "quantity": 2} in [item for bag in bags for item in bag["items"]]
    early = await lotus.post(f"/desk/orders/{order_id}/retry", wave_date="2022-03-05")
    assert early.json()["error"]["code"] == "order_not_failed"
    cancelled = await lotus.post(f"/desk/orders/{order_id}/cancel", reason="away")
    assert cancelled.status_code == 303
    assert (await lotus.get(f"/api/v1/orders/{order_id}")).json()["state"] == "cancelled"


async def test_an_operator_of_another_community_gets_404_on_every_route(
    app: FastAPI, desks: dict[str, Desk]
) -> None:
    home = await a_home(desks["lotus"])
    placed = await desks["lotus"].post("/desk/orders", household_id=home, **ORDER)
    order_id = placed.headers["location"].partition("=")[2]
    zones = (await desks["officer"].get("/zones")).json()["zones"]
    zone_id = next(zone["zone_id"] for zone in zones if zone["community"] == "莲香社区")
    ids = {"household_id": home, "order_id": order_id, "task_id": "1", "zone_id": zone_id}
    tried = 0
    for route in declared_routes(app):
        if not {"household_id", "order_id"} & set(re.findall(r"{(\w+)}", route.path)):
            continue
        if "operator" not in route.declaration.roles:
            continue
        path = route.path.format(**ids)
        stranger = desks["banyan"]
        if route.method == "GET":
            answer = await stranger.get(path)
        else:
            answer = await stranger.post(path, household_id=home, reason="away", residents="2", **ORDER)
        assert answer.status_code == 404, (route.method, path, answer.text)
        tried += 1
    assert tried >= 8
    placing = await desks["banyan"].post("/desk/orders", household_id=home, **ORDER)
    assert placing.status_code == 404
    assert (await desks["banyan"].get("/api/v1/households?q=1802")).json()["households"] == []
    assert (await desks["banyan"].get("/orders")).json()["orders"] == []
    assert [z["community"] for z in (await desks["banyan"].get("/zones")).json()["zones"]] == ["榕荫社区"]


async def test_a_stranger_cannot_bring_in_homes_of_another_community(desks: dict[str, Desk]) -> None:
    report = (await desks["banyan"].bring_in(a_register(LOTUS_HOME, BANYAN_HOME))).json()
    assert report["accepted"] == 1
    assert [(row["row"], row["reason"]) for row in report["rejected"]] == [(2, "compound_unknown")]


async def test_every_page_opens_in_both_languages(desks: dict[str, Desk]) -> None:
    home = await a_home(desks["lotus"])
    await desks["lotus"].post("/desk/orders", household_id=home, **{**ORDER, "note": "放门口"})
    for desk, paths in (
        (
            "lotus",
            ("/desk", "/desk?q=1802", f"/desk/households/{home}?q=1802&show=phones", "/orders", "/register"),
        ),
        ("lotus", ("/households/new", f"/households/{home}/change", "/zones", f"/desk/households/{home}")),
        ("dispatcher", ("/desk?q=1802", f"/desk/households/{home}")),
        ("officer", ("/zones",)),
        ("admin", ("/staff", "/parked", "/removals")),
    ):
        for path in paths:
            for language in ("zh-Hans", "en"):
                answer = await desks[desk].get(f"{path}{'&' if '?' in path else '?'}lang={language}", page=True)
                assert answer.status_code == 200, (path, answer.text)
                assert f'<html lang="{language}"' in answer.text


async def test_a_dispatcher_sees_no_phone_in_full(desks: dict[str, Desk]) -> None:
    home = await a_home(desks["lotus"])
    own = await desks["lotus"].get(f"/desk/households/{home}?show=phones", page=True)
    assert "13800005621" in own.text
    masked = await desks["dispatcher"].get(f"/desk/households/{home}?show=phones", page=True)
    assert "13800005621" not in masked.text
    assert "138****5621" in masked.text


async def test_an_unknown_household_is_404_as_a_page_too(desks: dict[str, Desk]) -> None:
    assert (await desks["lotus"].get("/desk/households/nobody", page=True)).status_code == 404
