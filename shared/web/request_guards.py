"""What stands around every request: one correlation id, safe headers, no request from another site, figures.

Plain ASGI, because each of these runs for every order.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.basics.clock import Clock
from shared.observability.logs import get_log
from shared.observability.metrics import http_requests, http_seconds
from shared.observability.tracing import (
    CORRELATION_HEADER,
    TRACEPARENT_HEADER,
    continue_from,
    current_correlation_id,
)
from shared.security.scope import CHECKED_SCOPES, ScopeWatch, watching
from shared.settings import Environment
from shared.web.parts import ServiceParts
from shared.web.routes import declaration_of

_log = get_log("web")
_MUTATING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# A browser lets no other site set this header without asking us first.
CLIENT_HEADER: Final = "x-baimi-client"


# For what pages load: nothing that a browser would do with a page.
STATIC_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}


class ScopeNeverAsked(Exception):
    """A route answered with somebody's data without asking whether it may."""


def security_headers(parts: ServiceParts) -> dict[str, str]:
    """The headers of every answer; a route may set its own Cache-Control and Referrer-Policy."""
    settings = parts.settings
    # A form may answer with a redirect to another of our services, carrying a ticket.
    services = {_origin(url) for url in (settings.orders_url, settings.routing_url, settings.notify_url)}
    policy = (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {' '.join(sorted(services))}; "
        "require-trusted-types-for 'script'"
    )
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        # Not no-referrer: with it browsers send `Origin: null` with our own forms, and they would be refused.
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "geolocation=(), microphone=(), camera=(self)",
        "x-robots-tag": "noindex",
        "cache-control": "no-store",
    }
    if settings.environment is Environment.PRODUCTION:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return headers


class RequestContext:
    """Correlation and trace, safe headers, figures and the scope watch around each request."""

    def __init__(self, app: ASGIApp, parts: ServiceParts) -> None:
        self._app = app
        self._clock: Clock = parts.clock
        self._headers = security_headers(parts)
        self._is_test = parts.settings.environment is Environment.TEST

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        began_s = self._clock.monotonic()
        with (
            continue_from(
                headers.get(CORRELATION_HEADER, ""),
                headers.get(TRACEPARENT_HEADER, ""),
                f"{scope['method']} request",
            ),
            watching() as watch,
        ):
            correlation_id = current_correlation_id()
            scope.setdefault("state", {})["correlation_id"] = correlation_id

            async def send_marked(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._check_scope(scope, message["status"], watch)
                    marked = MutableHeaders(scope=message)
                    for name, value in self._headers_for(scope["path"]).items():
                        marked.setdefault(name, value)
                    marked[CORRELATION_HEADER] = correlation_id
                    self._count(scope, message["status"], self._clock.monotonic() - began_s)
                await send(message)

            await self._app(scope, receive, send_marked)

    def _headers_for(self, path: str) -> Mapping[str, str]:
        # A style sheet is no page: on a bad line half a kilobyte with each of its parts would be felt.
        return STATIC_HEADERS if path.startswith("/static/") else self._headers

    def _check_scope(self, scope: Scope, status: int, watch: ScopeWatch) -> None:
        declaration = declaration_of(getattr(scope.get("route"), "endpoint", None))
        if declaration is None or declaration.scope not in CHECKED_SCOPES or watch.asked or status >= 300:
            return
        _log.error("scope_never_asked", route=_route_path(scope))
        if self._is_test:
            raise ScopeNeverAsked(_route_path(scope))

    def _count(self, scope: Scope, status: int, took_s: float) -> None:
        route = _route_path(scope)
        http_requests.labels(route, scope["method"], str(status)).inc()
        http_seconds.labels(route).observe(took_s)
        if status >= 500 or scope["method"] in _MUTATING:
            duration_ms = round(took_s * 1000, 1)
            _log.info("request", method=scope["method"], route=route, status=status, duration_ms=duration_ms)


class SameSiteGuard:
    """Stops requests that change something and were started by another site.

    Browsers say where a request comes from: `Sec-Fetch-Site`, or at least `Origin`. A client that sends
    neither is no browser; it is let through when it carries no cookie (a provider's callback, a crew's bearer
    session), or together with the header `X-Baimi-Client`, which no foreign page can set.
    """

    def __init__(self, app: ASGIApp, parts: ServiceParts) -> None:
        self._app = app
        settings = parts.settings
        own_url = {"orders": settings.orders_url, "routing": settings.routing_url, "notify": settings.notify_url}
        self._own_origin = _origin(own_url.get(parts.name, ""))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer 403."""
        if scope["type"] == "http" and scope["method"] in _MUTATING and not self._is_own(Headers(scope=scope)):
            # Imported pages may not explain themselves here: no state has been read, nothing is rendered.
            await _refuse(send)
            return
        await self._app(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        fetch_site = headers.get("sec-fetch-site")
        if fetch_site is not None:
            return fetch_site in {"same-origin", "none"}
        origin = headers.get("origin")
        if origin is not None:
            return origin == self._own_origin or urlsplit(origin).netloc == headers.get("host", " ")
        return "cookie" not in headers or CLIENT_HEADER in headers


async def _refuse(send: Send) -> None:
    body = b'{"error":{"code":"cross_site_request","message":"This request came from another site."}}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _route_path(scope: MutableMapping[str, Any]) -> str:
    found = getattr(scope.get("route"), "path", None)
    if found is not None:
        return str(found)
    return "/static" if scope["path"].startswith("/static/") else "unmatched"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
