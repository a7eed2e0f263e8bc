"""Probes and figures: /healthz, /readyz, /metrics."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.observability.health import ask_readiness
from shared.observability.metrics import render_metrics
from shared.web.routes import Parts, public

router = APIRouter()


@router.get("/healthz")
@public("a probe of the launcher; says only that the process answers, and how old each loop's last turn is")
async def healthz(request: Request) -> JSONResponse:
    """Answer as long as the event loop turns."""
    return JSONResponse({"alive": True, "loops_age_s": request.app.state.heartbeats.ages_s()})


@router.get("/readyz")
@public("a probe of the launcher; names checks, no data")
async def readyz(parts: Parts) -> JSONResponse:
    """Answer 200 when all checks pass, else 503 with the names of those that do not."""
    readiness = await ask_readiness(parts.readiness)
    return JSONResponse(
        {"ready": readiness.is_ready, "checks": dict(readiness.checks)}, 200 if readiness.is_ready else 503
    )


@router.get("/metrics")
@public("scraped from inside; figures by route and topic, no id of a person")
async def metrics(request: Request) -> Response:
    """All figures for Prometheus."""
    request.app.state.heartbeats.ages_s()
    body, content_type = render_metrics()
    return Response(body, media_type=content_type)
