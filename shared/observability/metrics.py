"""What a service measures, for Prometheus; who knows a figure sets it here."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SOLVE_SECONDS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0)

registry = CollectorRegistry()

http_requests = Counter(
    "baimi_http_requests_total", "Requests answered", ["route", "method", "status"], registry=registry
)
http_seconds = Histogram(
    "baimi_http_request_seconds", "Time to answer", ["route"], buckets=_SECONDS, registry=registry
)
outbox_age_seconds = Gauge("baimi_outbox_age_seconds", "Age of the oldest event not yet sent", registry=registry)
outbox_unsent = Gauge("baimi_outbox_unsent", "Events not yet sent", registry=registry)
events_sent = Counter("baimi_events_sent_total", "Events acknowledged by the broker", ["topic"], registry=registry)
inbox_lag_seconds = Gauge(
    "baimi_inbox_lag_seconds", "Age of the last event applied, when it was applied", ["topic"], registry=registry
)
events_applied = Counter(
    "baimi_events_applied_total", "Events taken from the broker", ["topic", "outcome"], registry=registry
)
waiting_events = Gauge("baimi_waiting_events", "Events that wait for an earlier one", registry=registry)
waiting_age_seconds = Gauge("baimi_waiting_age_seconds", "Age of the oldest waiting event", registry=registry)
parked_events = Gauge("baimi_parked_events", "Events that could not be applied", registry=registry)
plan_solve_seconds = Histogram(
    "baimi_plan_solve_seconds", "Time to plan one drop point", buckets=_SOLVE_SECONDS, registry=registry
)
plans_made = Counter("baimi_plans_total", "Plans, by what became of them", ["outcome"], registry=registry)
messages_sent = Counter(
    "baimi_messages_total", "Messages, by channel and fate", ["channel", "outcome"], registry=registry
)
missed_links = Counter(
    "baimi_missed_links_total", "Status links that showed nothing, or had to wait", ["outcome"], registry=registry
)
sign_ins = Counter("baimi_sign_ins_total", "Sign-ins, by outcome", ["outcome"], registry=registry)
loop_age_seconds = Gauge(
    "baimi_loop_age_seconds", "Real seconds since a background loop last turned", ["loop"], registry=registry
)


def render_metrics() -> tuple[bytes, str]:
    """All figures in Prometheus' text form, and its content type."""
    return generate_latest(registry), CONTENT_TYPE_LATEST
