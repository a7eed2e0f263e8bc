"""The crew's phone over HTTP: let in by a code, its own round only, taps in batches, plain forms."""

import asyncio
import re
import uuid

import pytest
from fastapi import FastAPI
from httpx import Response

from services.routing.planning.child import SolverProcess
from services.routing.storage.rounds import RoundRow
from shared.security.roles import Role
from tests.integration.routing.browsers import Browser, hire
from tests.integration.routing.district import District, load_files, released_round


@pytest.fixture
async def dispatcher(app: FastAPI, district: District) -> Browser:
    await hire(district, "zhao", Role.DISPATCHER)
    return await Browser(app).sign_in("zhao")


async def let_in(app: FastAPI, dispatcher: Browser, crew_id: str) -> Browser:
    code = (await dispatcher.post(f"/crews/{crew_id}/admission")).json()["code"]
    phone = Browser(app)
    entered = await show(phone, code)
    assert (entered.status_code, entered.headers["location"]) == (303, "/crew")
    return phone


async def show(phone: Browser, code: str, key: str = "") -> Response:
    """A phone shows a code, by a form of its own."""
    return await phone.post("/crew/admission", key=key, code=code)


def event(
    crew_round: dict[str, object], kind: str, stop_id: str | None = None, **payload: object
) -> dict[str, object]:
    return {
        "event_id": str(uuid.uuid4()),
        "device_id": "phone-1",
        "seq": 1,
        "round_id": crew_round["round_id"],
        "round_version": crew_round["version"],
        "stop_id": stop_id,
        "type": kind,
        "at": "2022-03-04T01:00:00+00:00",
        "offset_ms": 0,
        "payload": payload,
    }


async def say(phone: Browser, *events: dict[str, object]) -> list[dict[str, object]]:
    answer = await phone.client.post("/crew/v1/events", json={"events": list(events)})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


async def test_of_fifty_phones_with_one_code_one_is_let_in(
    app: FastAPI, dispatcher: Browser, district: District
) -> None:
    await load_files(district)
    code = (await dispatcher.post("/crews/k1/admission")).json()["code"]
    tries = [show(Browser(app), code) for _ in range(50)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*tries))
    assert statuses == [303] + [403] * 49


async def test_a_phone_whose_answer_was_lost_is_let_in_by_the_same_form_sent_again(
    app: FastAPI, dispatcher: Browser, district: District
) -> None:
    await load_files(district)
    code = (await dispatcher.post("/crews/k1/admission")).json()["code"]
    tries = [show(Browser(app), code, "a-form-of-phone-1") for _ in range(5)]
    answers = await asyncio.gather(*tries)
    assert [answer.status_code for answer in answers] == [303] * 5
    assert len({answer.headers["set-cookie"] for answer in answers}) == 1
    assert len(await district.rows("SELECT 1 FROM crew_sessions")) == 1
    assert (await show(Browser(app), code, "a-form-of-phone-2")).status_code == 403
    await district.rows("UPDATE crew_codes SET expires_at = clock_timestamp() - interval '1 s' RETURNING 1")
    assert (await show(Browser(app), code, "a-form-of-phone-1")).status_code == 403


async def test_the_crews_form_brings_the_key_that_makes_sending_it_again_harmless(app: FastAPI) -> None:
    page = (await Browser(app).client.get("/crew/admission?code=ACDE-FGHJ")).text
    assert re.search(r'name="idempotency_key" value="[A-Za-z0-9_-]{16,}"', page)
    assert (await Browser(app).client.post("/crew/admission", data={"code": "ACDEFGHJ"})).status_code == 422


async def test_a_code_older_than_two_minutes_lets_nobody_in(
    app: FastAPI, dispatcher: Browser, district: District
) -> None:
    await load_files(district)
    code = (await dispatcher.post("/crews/k1/admission")).json()
    assert code["expires_s"] == 120
    await district.rows("UPDATE crew_codes SET expires_at = clock_timestamp() - interval '1 s' RETURNING 1")
    assert (await show(Browser(app), code["code"])).status_code == 403


async def test_a_session_ends_with_the_shift_unless_a_round_is_still_out(
    app: FastAPI, dispatcher: Browser, district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    other = "k2" if row.crew_id == "k1" else "k1"
    busy = await let_in(app, dispatcher, row.crew_id)
    idle = await let_in(app, dispatcher, other)
    await district.rows("UPDATE crew_sessions SET shift_ends_at = '2022-03-01T00:00:00Z' RETURNING 1")
    assert (await busy.get("/crew/v1/ping")).status_code == 204
    assert (await idle.get("/crew/v1/ping")).status_code == 401
    await district.rows("UPDATE crew_sessions SET ends_at = clock_timestamp() RETURNING 1")
    assert (await busy.get("/crew/v1/ping")).status_code == 401


async def test_a_crew_walks_its_whole_round_by_phone(
    app: FastAPI, dispatcher: Browser, district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    phone = await let_in(app, dispatcher, row.crew_id)
    crew_round = (await phone.get("/crew/v1/round")).json()
    assert (crew_round["round_id"], crew_round["number"], len(crew_round["stops"])) == (
        row.round_id,
        row.number,
        4,
    )
    stop = crew_round["stops"][0]
    assert (stop["masked_name"], stop["notes"], len(stop["bags"])) == ("王*", ["听障,敲门后等待", "轻放"], 2)
    assert "phone" not in str(crew_round)
    tag = (await phone.get("/crew/v1/round")).headers["etag"]
    again = await phone.client.get("/crew/v1/round", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await say(phone, event(crew_round, "round_loaded"))
    taps = [event(crew_round, "delivered", stop["stop_id"]) for stop in crew_round["stops"]]
    results = await say(phone, *taps)
    assert [(r["outcome"], r["stop"]["state"]) for r in results] == [("accepted", "closed")] * 4  # type: ignore[index]
    assert [r["replayed"] for r in await say(phone, *taps)] == [True] * 4
    (closed,) = await say(phone, event(crew_round, "round_closed"))
    assert closed["outcome"] == "accepted"
    assert (await phone.get("/crew/v1/round")).json()["round_id"] is None


async def test_a_malformed_event_is_rejected_alone(
    app: FastAPI, dispatcher: Browser, district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    phone = await let_in(app, dispatcher, row.crew_id)
    crew_round = (await phone.get("/crew/v1/round")).json()
    broken = {**event(crew_round, "delivered"), "at": "yesterday"}
    results = await say(phone, broken, event(crew_round, "round_loaded"), {})
    assert [(r["outcome"], r["code"]) for r in results] == [
        ("rejected", "malformed"),
        ("accepted", ""),
        ("rejected", "malformed"),
    ]
    too_many = [event(crew_round, "delivered")] * 21
    assert (await phone.client.post("/crew/v1/events", json={"events": too_many})).status_code == 422


async def test_an_event_id_with_another_body_is_409(
    app: FastAPI, dispatcher: Browser, district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    phone = await let_in(app, dispatcher, row.crew_id)
    crew_round = (await phone.get("/crew/v1/round")).json()
    first = event(crew_round, "round_loaded")
    await say(phone, first)
    answer = await phone.client.post("/crew/v1/events", json={"events": [{**first, "seq": 7}]})
    assert answer.status_code == 409
    assert answer.json()["results"][0]["code"] == "id_reused"


async def test_a_crew_sees_no_other_crews_round(
    app: FastAPI, dispatcher: Browser, district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    other = await let_in(app, dispatcher, "k2" if row.crew_id == "k1" else "k1")
    assert (await other.get("/crew/v1/round")).json()["round_id"] is None
    (result,) = await say(other, event({"round_id": row.round_id, "version": 1}, "round_loaded"))
    assert (result["outcome"], result["code"]) == ("rejected", "foreign_round")
    assert (await other.get("/board", page=True)).status_code == 403


async def test_the_plain_page_walks_a_round_without_script(
    app: FastAPI, dispatcher: Browser, district: District, solver: SolverProcess
) -> None:
    row = await released_round(district, solver)
    phone = await let_in(app, dispatcher, row.crew_id)
    assert (await press(phone, "round_loaded")) == "/crew"
    assert (await press(phone, "not_delivered", reason="no_answer")) == "/crew"
    for _ in range(3):
        assert (await press(phone, "delivered")) == "/crew"
    assert (await press(phone, "returned")) == "/crew"
    assert (await press(phone, "round_closed")) == "/crew"
    page = (await phone.get("/crew?lang=en", page=True)).text
    assert "No round for you now" in page
    assert (await the_round(district, row))["state"] == "closed"


async def press(phone: Browser, kind: str, **chosen: str) -> str:
    """Send the page's own form for one kind of tap, twice."""
    page = (await phone.get("/crew", page=True)).text
    forms = re.findall(r'<form method="post" action="/crew/tap">(.*?)</form>', page, re.DOTALL)
    form = next(form for form in forms if f'name="type" value="{kind}"' in form)
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form):
        fields.setdefault(name, []).append(value)
    for _ in range(2):
        answer = await phone.client.post("/crew/tap", data={**fields, **chosen})
    return str(answer.headers["location"])


async def the_round(district: District, row: RoundRow) -> dict[str, object]:
    (found,) = await district.rows("SELECT * FROM rounds WHERE round_id = :id", id=row.round_id)
    return found
