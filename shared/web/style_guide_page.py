"""All components and states on one page, for eyes and for the accessibility run; not in production."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.web.routes import public
from shared.web.templates import render

router = APIRouter()

STATUSES = (
    "received",
    "packed",
    "out",
    "door",
    "delivered",
    "no_answer",
    "late_risk",
    "cancelled",
    "problem",
    "unsent",
)


@router.get("/styleguide")
@public("shows components with made-up content, outside production only")
async def style_guide(request: Request) -> Response:
    """The style guide."""
    return render(request, "style_guide.html", {"statuses": STATUSES})
