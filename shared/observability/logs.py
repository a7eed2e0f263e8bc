"""JSON lines on standard error: fields from a list, one correlation id, never a body, a name or a number.

A field that is not on the list is dropped and its name reported, so that a careless log line shows up in
review and not in a leak.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, Final

import structlog
from structlog.typing import FilteringBoundLogger

from shared.observability.tracing import current_correlation_id, current_trace_id

ALLOWED_FIELDS: Final = frozenset(
    {
        "action", "age_s", "attempt", "attempts", "batch", "bytes", "channel", "code", "count", "cluster_id",
        "crew_id", "drop_point", "duration_ms", "elapsed_s", "engine", "environment", "event_id", "event_type",
        "failed", "family", "fence", "file", "group", "host", "household_id", "job_id", "lag_s", "language",
        "loop", "message_id", "method", "name", "offset", "order_id", "partition", "path", "pid", "port",
        "provider_id", "reason", "role", "rows", "round_id", "rounds", "route", "seconds", "sequence", "service",
        "signal", "stage", "state", "status", "stop_id", "stream", "subject", "topic", "topics", "version",
        "wave_id", "waiting", "parked", "sent", "taken", "violations",
    }
)  # fmt: skip
_ALWAYS: Final = frozenset(
    {"event", "level", "at", "where", "logger", "correlation_id", "trace_id", "error", "dropped"}
)

# A status link's token, a ticket, a one-time code: whatever long text stands alone in a path.
_PATH_TOKEN = re.compile(r"/[A-Za-z0-9_.-]{20,}(?=/|$)")
_UUID = re.compile(r"/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?=/|$)")
_FOREIGN_TEXT = re.compile(r"[^\x20-\x7e]+")
_DIGITS = re.compile(r"\d{3,}")
_MAX_TEXT: Final = 300


def configure_logs(service: str, level: int = logging.INFO) -> None:
    """Send every log line of this process, our own and the libraries', to standard error as JSON."""
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    ours: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _add_context,
        _keep_allowed,
    ]
    foreign = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _clean_foreign,
            _add_context,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _keep_allowed, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(foreign)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    structlog.configure(
        processors=[*ours, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    global _service
    _service = service


_service = ""


def get_log(name: str) -> FilteringBoundLogger:
    """A logger whose lines say where they come from: `get_log("relay").info("sent", count=3)`."""
    log: FilteringBoundLogger = structlog.get_logger(where=name)
    return log


def redact_path(path: str) -> str:
    """A request path without what opens something: tokens become `/…`, ids of ours stay."""
    return _PATH_TOKEN.sub(lambda m: m[0] if _UUID.fullmatch(m[0]) else "/…", path)


def describe_error(error: BaseException) -> dict[str, Any]:
    """An error as it may be logged: its type, where it happened, and its text without names and numbers.

    A driver's message may quote a row; so text that is not ASCII and longer numbers are blotted out.
    """
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "text": _blot(str(error)),
        "where": _frames(error.__traceback__),
        "caused_by": None if error.__cause__ is None else describe_error(error.__cause__),
    }


def _add_context(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["correlation_id"] = current_correlation_id()
    event["trace_id"] = current_trace_id()
    event.setdefault("service", _service)
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = describe_error(error)
    return event


def _keep_allowed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    kept = {name: _short(value) for name, value in event.items() if name in ALLOWED_FIELDS or name in _ALWAYS}
    dropped = sorted(event.keys() - kept.keys())
    if dropped:
        kept["dropped"] = dropped
    return kept


def _clean_foreign(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["event"] = _blot(str(event.get("event", "")))
    return event


def _blot(text: str) -> str:
    return _DIGITS.sub("#", _FOREIGN_TEXT.sub("…", text))[:_MAX_TEXT]


def _short(value: object) -> object:
    return value[:_MAX_TEXT] if isinstance(value, str) else value


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.filename.rpartition('site-packages/')[2][-80:]}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)[-12:]
    ]
