"""What stands around every request: safe headers, no other site, limits, proper errors, two languages."""

import logging

import httpx
import pytest

from shared.web.app import declared_routes
from tests.integration.shared.web.small_service import HOST, SmallService, sign_in

FOREIGN = "https://evil.test"


async def test_every_route_answers_with_safe_headers(client: httpx.AsyncClient, service: SmallService) -> None:
    for route in declared_routes(service.app):
        answer = await client.request(route.method, route.path.replace("{community}", "A"))
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy, route
        assert "unsafe" not in policy, route
        assert "frame-ancestors 'none'" in policy, route
        assert answer.headers["x-content-type-options"] == "nosniff", route
        assert answer.headers["cache-control"] == "no-store", route
        assert answer.headers["x-correlation-id"], route
        assert answer.headers["referrer-policy"] == "same-origin", route


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": HOST}, False),
        ({"origin": HOST}, True),
        ({"origin": FOREIGN}, False),
        ({"origin": "null"}, False),
        ({"origin": HOST + ":444"}, False),
        ({"origin": HOST + ".evil.test"}, False),
        ({}, False),
        ({"x-baimi-client": "drill"}, True),
    ],
)
async def test_only_our_own_pages_may_change_something_with_a_cookie(
    client: httpx.AsyncClient, headers: dict[str, str], passes: bool
) -> None:
    await sign_in(client, "operator")
    del client.headers["origin"]
    answer = await client.post("/sign-out", headers=headers)
    assert (answer.status_code == 303) == passes
    if not passes:
        assert answer.json()["error"]["code"] == "cross_site_request"
        assert "content-security-policy" in answer.headers


async def test_a_program_without_cookies_needs_no_origin(client: httpx.AsyncClient) -> None:
    del client.headers["origin"]
    answer = await client.post(
        "/api/things", json={"thing": "x"}, headers={"idempotency-key": "no-origin-no-cookie"}
    )
    assert answer.status_code == 201


async def test_a_body_over_a_megabyte_is_refused_unless_the_route_takes_more(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "a-large-body", "content-type": "application/json"}
    large = b'{"thing":"' + b"x" * 1_000_001 + b'"}'
    assert (await client.post("/api/things", content=large, headers=headers)).status_code == 413
    assert (await client.post("/files", content=large)).json() == {"bytes": len(large)}
    assert (await client.post("/files", content=large * 3)).status_code == 413


async def test_a_large_body_without_a_length_is_refused_too(client: httpx.AsyncClient) -> None:
    async def drip() -> object:
        for _ in range(40):
            yield b"x" * 100_000

    assert (await client.post("/files", content=drip())).status_code == 413


async def test_a_bug_shows_a_number_and_nothing_of_what_happened(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["x-correlation-id"] in answer.text
    assert "13800001234" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "13800001234" not in "".join(
        record.getMessage() for record in caplog.records if record.levelno > logging.INFO
    )


async def test_a_refusal_is_a_page_for_people_and_a_code_for_programs(client: httpx.AsyncClient) -> None:
    page = await client.get("/refusing")
    assert page.status_code == 409
    assert "At most 9000 g in one order." in page.text
    answer = await client.get("/refusing", headers={"accept": "application/json"})
    assert answer.json() == {
        "error": {"code": "order_over_limit", "message": "At most 9000 g in one order.", "limit_g": 9000}
    }


async def test_a_malformed_entry_names_the_field_and_never_repeats_it(client: httpx.AsyncClient) -> None:
    await sign_in(client, "operator")
    form = {"idempotency_key": "malformed-entry", "packs": "13800001234x"}
    answer = await client.post("/forms", data=form, headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"] == [{"field": "packs", "problem": "int_parsing"}]
    assert "13800001234" not in answer.text


async def test_unknown_addresses_and_methods_are_told_properly(client: httpx.AsyncClient) -> None:
    assert "Check the address" in (await client.get("/nowhere")).text
    assert (await client.post("/refusing")).status_code == 405


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "language"),
    [
        ("", "", "", "zh-Hans"),
        ("", "", "en-GB,en;q=0.9", "en"),
        ("", "", "fr-FR,zh-CN;q=0.8,en", "zh-Hans"),
        ("", "", "fr", "zh-Hans"),
        ("", "en", "zh-CN", "en"),
        ("?lang=zh-Hans", "en", "en", "zh-Hans"),
        ("?lang=tlh", "", "en", "en"),
    ],
)
async def test_the_language_is_the_one_asked_for(
    client: httpx.AsyncClient, query: str, cookie: str, accepted: str, language: str
) -> None:
    headers = {"accept-language": accepted} | ({"cookie": f"baimi-lang={cookie}"} if cookie else {})
    answer = await client.get(f"/sign-in{query}", headers=headers)
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}"' in answer.text


async def test_a_chosen_language_is_remembered(client: httpx.AsyncClient) -> None:
    await client.get("/sign-in?lang=zh-Hans")
    assert "登录" in (await client.get("/sign-in")).text


async def test_one_correlation_id_goes_through(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz", headers={"x-correlation-id": "0123456789abcdef"})
    assert answer.headers["x-correlation-id"] == "0123456789abcdef"
    answer = await client.get("/healthz", headers={"x-correlation-id": "bad id with blanks"})
    assert answer.headers["x-correlation-id"] != "bad id with blanks"


async def test_readiness_names_what_is_missing(client: httpx.AsyncClient, service: SmallService) -> None:
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": {}})


async def test_figures_are_counted_by_route_and_not_by_address(client: httpx.AsyncClient) -> None:
    await sign_in(client, "operator")
    await client.get("/households/A")
    text = (await client.get("/metrics")).text
    assert 'baimi_http_requests_total{method="GET",route="/households/{community}",status="200"}' in text
    assert "baimi_outbox_age_seconds" in text


async def test_assets_are_served_for_ever_under_their_hash(
    client: httpx.AsyncClient, service: SmallService
) -> None:
    assets = service.app.state.assets
    answer = await client.get(assets.url("baimi.css"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.headers["content-encoding"] == "gzip"
    assert (await client.get("/static/0000/baimi.css")).headers["cache-control"] == "no-cache"
    assert (await client.get(f"/static/{assets.version}/../app.py")).status_code == 404
    assert (await client.get(f"/static/{assets.version}/nothing.css")).status_code == 404


async def test_no_page_has_inline_script_or_style(client: httpx.AsyncClient) -> None:
    for path in ("/styleguide", "/sign-in", "/nowhere"):
        text = (await client.get(path)).text
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert all('src="/static/' in part for part in text.split("<script")[1:])


async def test_the_style_guide_shows_every_component_in_both_languages(client: httpx.AsyncClient) -> None:
    for language, word in {"en": "No answer", "zh-Hans": "无人应答"}.items():
        answer = await client.get(f"/styleguide?lang={language}")
        assert answer.status_code == 200
        assert word in answer.text
