"""One correlation id from the operator's click to the text message, and W3C trace context beside it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from shared.basics.randomness import SystemRandomness

CORRELATION_HEADER: Final = "x-correlation-id"
TRACEPARENT_HEADER: Final = "traceparent"

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_CORRELATION = re.compile(r"[A-Za-z0-9._-]{8,64}")

_randomness = SystemRandomness()
_correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
# Without an exporter the provider only makes ids, which costs about 10 microseconds a span.
_provider = TracerProvider(resource=Resource.create({"service.name": "baimi"}))
_tracer = _provider.get_tracer("baimi")


def export_spans(service: str, exporter: SpanExporter) -> None:
    """Send finished spans somewhere; without this call they are made and forgotten."""
    global _provider, _tracer
    _provider = TracerProvider(resource=Resource.create({"service.name": service}))
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer("baimi")


def current_correlation_id() -> str:
    """The correlation id of what is going on; a fresh one where nothing began it."""
    found = _correlation_id.get()
    if not found:
        found = _fresh()
        _correlation_id.set(found)
    return found


def current_traceparent() -> str:
    """The W3C `traceparent` of what is going on; an empty text outside any span."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return ""
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{int(here.trace_flags):02x}"


def current_trace_id() -> str:
    """The trace id alone, for log lines; an empty text outside any span."""
    here = trace.get_current_span().get_span_context()
    return f"{here.trace_id:032x}" if here.is_valid else ""


@contextmanager
def continue_from(correlation_id: str, traceparent: str, name: str = "continue") -> Iterator[None]:
    """Go on with work that began elsewhere; what is malformed is replaced by something fresh."""
    is_usable = _CORRELATION.fullmatch(correlation_id) is not None
    token = _correlation_id.set(correlation_id if is_usable else _fresh())
    parent = trace.set_span_in_context(NonRecordingSpan(_parsed(traceparent)), context.Context())
    try:
        with _tracer.start_as_current_span(name, context=parent, record_exception=False):
            yield
    finally:
        _correlation_id.reset(token)


@contextmanager
def new_correlation(name: str = "begin") -> Iterator[str]:
    """Begin something that nobody asked for, such as one turn of a loop; gives its correlation id."""
    with continue_from(_fresh(), "", name):
        yield _correlation_id.get()


@contextmanager
def span(name: str) -> Iterator[None]:
    """Measure a part of what is going on."""
    with _tracer.start_as_current_span(name, record_exception=False):
        yield


def _parsed(traceparent: str) -> SpanContext:
    match = _TRACEPARENT.fullmatch(traceparent)
    if match is None:
        return trace.INVALID_SPAN_CONTEXT
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))


def _fresh() -> str:
    return _randomness.token_bytes(16).hex()
