"""The picture in containers is the launcher's picture. Parsed, not run here."""

import re
from datetime import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from deploy.local import state
from deploy.local.kafka.broker import USERS, Broker, settings_text
from deploy.local.launcher import SERVICES, SIMULATORS, STREET_RULES, Ports, System, SystemPlan
from deploy.local.postgres import LOGINS, MAX_CONNECTIONS
from services.routing.planning.problem import Rules
from services.routing.settings import RoutingSettings

CHECKOUT = Path(__file__).parents[3]
COMPOSE = CHECKOUT / "deploy" / "compose"
SERVERS = {"postgres": "postgres", "kafka": "kafka"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text())
    return document


@pytest.fixture
def system(tmp_path: Path) -> System:
    wishes = state.Wishes(
        users=(*LOGINS, *USERS, "postgres", "controller", "orders_administrator", "sms_provider"),
        services=SERVICES,
        brokers=1,
        clock_origin=None,
        clock_factor=1,
    )
    plan = SystemPlan(folder=tmp_path / "state", ports=Ports())
    return System(plan, state.open_state(plan.folder, wishes), state.hold(plan.folder))


def test_the_same_programs_run(compose: dict[str, Any]) -> None:
    set_up = {"migrations", "topics"}
    assert set(compose["services"]) == {*SERVICES, *SIMULATORS, *SERVERS, *set_up}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_the_same_settings_by_name(compose: dict[str, Any], system: System, service: str) -> None:
    assert set(compose["services"][service]["environment"]) == set(system.service_settings(service))


def test_every_rule_of_the_street_is_named_and_off_unless_set(compose: dict[str, Any], system: System) -> None:
    plain = {name: field.default for name, field in RoutingSettings.model_fields.items()}
    handed_out = system.service_settings("routing")
    for name, off in STREET_RULES.items():
        assert handed_out[name] == off
        assert compose["services"]["routing"]["environment"][name] == f"${{{name}:-{off}}}"
        assert str(plain[name.lower()]).lower() == off


def test_rules_that_the_environment_sets_reach_routing(monkeypatch: pytest.MonkeyPatch, system: System) -> None:
    monkeypatch.setenv("QUIET_HOURS", "22:00-07:00")
    monkeypatch.setenv("OWN_CREWS", "true")
    monkeypatch.setenv("COLD_LIMIT_S", "5400")
    for name, value in system.service_settings("routing").items():
        monkeypatch.setenv(name, value)
    rules = RoutingSettings().planning_rules()
    assert rules.product == Rules(own_crews=True, cold_limit_s=5_400)
    assert rules.quiet == ((time(22), time(7)),)


def test_without_settings_plans_have_no_rules(monkeypatch: pytest.MonkeyPatch, system: System) -> None:
    for name, value in system.service_settings("routing").items():
        monkeypatch.setenv(name, value)
    rules = RoutingSettings().planning_rules()
    assert (rules.product, rules.quiet) == (Rules(), ())


def test_quiet_hours_that_are_none_stop_the_start(monkeypatch: pytest.MonkeyPatch, system: System) -> None:
    for name, value in {**system.service_settings("routing"), "QUIET_HOURS": "at night"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match="22:00-07:00"):
        RoutingSettings()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_signs_in_as_itself(compose: dict[str, Any], service: str) -> None:
    settings = compose["services"][service]["environment"]
    assert settings["KAFKA_USERNAME"] == service
    assert re.fullmatch(rf"postgresql\+asyncpg://{service}:.+@postgres:5440/{service}", settings["DATABASE_URL"])


@pytest.mark.parametrize("name", [*SERVICES, *SIMULATORS])
def test_a_program_listens_on_the_same_port_and_on_this_machine_only(compose: dict[str, Any], name: str) -> None:
    port = getattr(Ports(), name)
    assert compose["services"][name]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_servers_listen_where_services_look(compose: dict[str, Any]) -> None:
    words = compose["services"]["postgres"]["command"]
    assert words[words.index("-p") + 1] == str(Ports().postgres)
    assert f"max_connections={MAX_CONNECTIONS}" in words
    assert compose["services"]["orders"]["environment"]["KAFKA_BOOTSTRAP_SERVERS"] == f"kafka:{Ports().kafka}"


def test_the_broker_has_the_launchers_settings() -> None:
    passwords = {"broker": "${env:BROKER_PASSWORD}", "controller": "${env:CONTROLLER_PASSWORD}"}
    ours = _settings(settings_text(Broker(Path("/k"), Ports().kafka, 1, passwords), 1))
    theirs = _settings((COMPOSE / "kafka" / "server.properties").read_text())
    assert {name for name in ours if ours[name] != theirs.get(name)} == {
        "listeners",
        "advertised.listeners",
        "log.dirs",
    }
    assert {name for name in theirs if name not in ours} == {"config.providers", "config.providers.env.class"}


def test_the_broker_has_the_launchers_users() -> None:
    script = (COMPOSE / "kafka" / "start.sh").read_text()
    assert {user for user in USERS if not re.search(rf"\b{user}\b", script)} == set()


def test_migrations_are_given_every_login(compose: dict[str, Any]) -> None:
    settings = compose["services"]["migrations"]["environment"]
    assert {f"{login.upper()}_PASSWORD" for login in LOGINS} <= set(settings)


def test_every_command_names_a_module_that_is_there(compose: dict[str, Any]) -> None:
    words = [each.get("command", []) for each in compose["services"].values()]
    modules = [each[2] for each in words if each[:2] == ["python", "-m"]]
    assert modules
    assert [module for module in modules if find_spec(module) is None] == []


def test_every_password_asked_for_is_in_the_example(compose: dict[str, Any]) -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (COMPOSE / "compose.yaml").read_text()))
    offered = {
        line.partition("=")[0] for line in (COMPOSE / "example.env").read_text().splitlines() if "=" in line
    }
    assert asked == offered


def test_every_image_has_its_lock_and_its_code() -> None:
    dockerfile = (CHECKOUT / "deploy" / "images" / "Dockerfile").read_text()
    assert "requirements/${SERVICE}.lock" in dockerfile
    for service in (*SERVICES, "all"):
        assert (CHECKOUT / "requirements" / f"{service}.lock").exists()
    for folder in re.findall(r"^COPY (\w+) \w+$", dockerfile, re.MULTILINE):
        assert (CHECKOUT / folder).is_dir()
    assert "USER baimi" in dockerfile


def _settings(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {line.partition("=")[0]: line.partition("=")[2] for line in lines}
