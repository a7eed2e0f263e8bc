"""Production starts only with settings that are meant for it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import Environment, ServiceSettings, UnusableSettings, read_settings, settings_or_exit

GOOD = {
    "environment": Environment.PRODUCTION,
    "database_url": "postgresql+asyncpg://orders:a-real-secret@db/orders",
    "kafka_bootstrap_servers": "kafka:9192",
    "kafka_password": "another-real-secret",
    "kafka_security_protocol": "SASL_SSL",
    "http_port": 8001,
    "orders_url": "https://orders.example",
    "routing_url": "https://routing.example",
    "notify_url": "https://notify.example",
    "key_file": Path("keys.json"),
}
FAST = {
    "clock_factor": 2,
    "clock_origin": "2022-03-04T00:00:00Z",
    "clock_anchor": "2026-11-01T00:00:00Z",
}


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*GOOD, *FAST, "crash_at"):
        monkeypatch.delenv(name.upper(), raising=False)


def test_good_settings_start() -> None:
    assert ServiceSettings(**GOOD).clock().now().tzinfo is not None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (FAST, "CLOCK_FACTOR must be 1"),
        ({"crash_at": "web.after_commit"}, "CRASH_AT must be empty"),
        ({"kafka_security_protocol": "SASL_PLAINTEXT"}, "KAFKA_SECURITY_PROTOCOL must be SASL_SSL"),
        ({"kafka_password": "demo-123"}, "KAFKA_PASSWORD is a demo secret"),
        ({"database_url": "postgresql+asyncpg://orders:demo-1@db/orders"}, "DATABASE_URL holds a demo secret"),
        ({"notify_url": "http://notify.example"}, "public addresses must be https"),
    ],
)
def test_production_refuses_what_belongs_to_a_rehearsal(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why) as refused:
        ServiceSettings(**{**GOOD, **wrong})
    assert "real-secret" not in str(refused.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        ServiceSettings(**{**GOOD, **FAST, "crash_at": "web.after_commit"})
    assert "CLOCK_FACTOR" in str(refused.value)
    assert "CRASH_AT" in str(refused.value)


def test_a_rehearsal_may_do_all_that() -> None:
    demo = {**GOOD, **FAST, "environment": Environment.DEMO, "crash_at": "web.after_commit"}
    assert ServiceSettings(**demo).crash_at == "web.after_commit"


def test_what_is_missing_or_wrong_is_named_and_what_is_set_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in GOOD:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://orders:a-real-secret@db/orders")
    monkeypatch.setenv("HTTP_PORT", "eight")
    with pytest.raises(UnusableSettings) as refused:
        read_settings(ServiceSettings)
    lines = str(refused.value).splitlines()
    assert "KAFKA_BOOTSTRAP_SERVERS: is missing" in lines
    assert "KEY_FILE: is missing" in lines
    assert [line for line in lines if line.startswith("HTTP_PORT: ")]
    assert len(lines) == 3
    with pytest.raises(ValidationError) as raw:
        ServiceSettings()
    assert "a-real-secret" not in f"{refused.value}{raw.value}"


def test_a_service_that_cannot_start_says_so_in_a_line_for_each_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**GOOD, "clock_factor": 2, **FAST}.items():
        monkeypatch.setenv(name.upper(), str(value))
    with pytest.raises(SystemExit) as ended:
        settings_or_exit(ServiceSettings)
    assert str(ended.value.code).startswith("production refuses to start: CLOCK_FACTOR must be 1\n")
