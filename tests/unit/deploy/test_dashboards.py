"""What dashboards and alerts name is really measured and exported. Parsed; no Prometheus or Grafana runs here."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.notify.domain.message import MessageState
from services.orders.pages import desk
from services.routing.actions.waves.run_plan_request import PlanEnd
from shared.contracts.topics import SERVICES
from shared.observability import metrics
from shared.web.error_responses import SHARED_TEXTS

CHECKOUT = Path(__file__).parents[3]
FOLDER = CHECKOUT / "deploy" / "dashboards"
NAME = re.compile(r"\bbaimi_\w+")
SELECTOR = re.compile(r"(\w+)\{([^}]*)\}")
LABEL = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
GROUPING = re.compile(r"\bby \(([^)]*)\)")
# Prometheus gives each sample these, from prometheus.yaml; `le` belongs to every histogram.
GIVEN_LABELS = {"job", "service", "instance", "le"}
CALLS_ALLOWED = {"sum", "max", "rate", "increase", "histogram_quantile", "topk", "by"}


def expressions() -> Iterator[tuple[str, str]]:
    """Where each expression stands, and the expression."""
    for panel in overview()["panels"]:
        for target in panel.get("targets", ()):
            yield f"panel {panel['title']} {target['refId']}", target["expr"]
    for group in alerts()["groups"]:
        for rule in group["rules"]:
            yield f"alert {rule['alert']}", rule["expr"]


def overview() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / "overview.json").read_text(encoding="utf-8"))
    return document


def alerts() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))
    return document


EXPRESSIONS = dict(expressions())


def exported() -> Mapping[str, set[str]]:
    """Every sample name that a service's /metrics may hold, with its labels, as its types are declared there."""
    suffixes = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}
    by_family = {collector._name: set(collector._labelnames) for collector in set(_collectors())}
    text = metrics.render_metrics()[0].decode()
    found = {}
    for name, kind in re.findall(r"^# TYPE (baimi_\w+) (\w+)$", text, re.MULTILINE):
        family = name.removesuffix("_total")
        for suffix in suffixes.get(kind, ()):
            found[family + suffix] = by_family.get(family, set())
    return found


def _collectors() -> list[Any]:
    return [value for value in vars(metrics).values() if hasattr(value, "_labelnames")]


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_an_expression_names_only_what_services_export(where: str) -> None:
    expression, known = EXPRESSIONS[where], exported()
    named = NAME.findall(expression)
    assert named or expression.startswith("up{")
    assert set(named) <= known.keys()
    asked = {label for _, selector in SELECTOR.findall(expression) for label, _ in LABEL.findall(selector)}
    asked |= {label.strip() for group in GROUPING.findall(expression) for label in group.split(",")}
    assert asked <= GIVEN_LABELS.union(*(known[name] for name in named))
    assert expression.count("(") == expression.count(")")
    assert set(re.findall(r"(\w+) ?\(", expression)) <= CALLS_ALLOWED


def test_every_figure_named_is_set_by_code_and_not_only_declared() -> None:
    by_name = {
        collector._name: attribute for attribute, collector in vars(metrics).items() if _is_metric(collector)
    }
    used = {name for path in _sources() for name in _names_used(path)}
    named = {name for expression in EXPRESSIONS.values() for name in NAME.findall(expression)}
    families = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in named}
    assert {family for family in families if by_name[family] not in used} == set()


def _is_metric(value: object) -> bool:
    return hasattr(value, "_labelnames")


def _sources() -> Iterator[Path]:
    for top in ("services", "shared"):
        yield from (path for path in (CHECKOUT / top).rglob("*.py") if path.name != "metrics.py")


def _names_used(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_the_values_asked_for_are_ones_that_occur() -> None:
    routes = {route.path for route in desk.router.routes if hasattr(route, "path")}
    occurring = {
        "service": set(SERVICES),
        "route": routes,
        "outcome": {*PlanEnd, *MessageState, *SHARED_TEXTS, "ok"},
        "loop": {"plan"},
        "job": {"baimi"},
    }
    for expression in EXPRESSIONS.values():
        for _, selector in SELECTOR.findall(expression):
            for label, value in LABEL.findall(selector):
                if label in occurring and "$" not in value:
                    assert set(value.split("|")) <= occurring[label], expression


def test_every_service_is_asked_where_compose_has_it() -> None:
    compose = yaml.safe_load((CHECKOUT / "deploy/compose/compose.yaml").read_text(encoding="utf-8"))
    asked = yaml.safe_load((FOLDER / "prometheus.yaml").read_text(encoding="utf-8"))
    (job,) = asked["scrape_configs"]
    targets = {each["labels"]["service"]: each["targets"] for each in job["static_configs"]}
    ports = {name: compose["services"][name]["environment"]["HTTP_PORT"] for name in SERVICES}
    assert targets == {name: [f"{name}:{port}"] for name, port in ports.items()}
    assert [(FOLDER / name).is_file() for name in asked["rule_files"]] == [True]
    assert job["job_name"] == "baimi"


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    rules = [rule for group in alerts()["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"page", "look"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]


def test_panels_do_not_lie_on_each_other_and_have_ids_of_their_own() -> None:
    panels = overview()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
