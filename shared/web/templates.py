"""Pages from Jinja2 templates: escaped, strict about missing values, in the reader's language and local time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.web.assets import Assets
from shared.web.languages import COOKIE, LANGUAGE_NAMES, LANGUAGES, Catalogue, choose_language
from shared.web.parts import ServiceParts
from shared.web.wording import age_text, amount_text, local_date, local_day, local_moment, local_time

SHARED_TEMPLATES: Final = Path(__file__).parent / "templates"
_YEAR_S: Final = 365 * 24 * 3600


class Templates:
    """One Jinja2 environment a language, sharing loaders."""

    def __init__(
        self, parts: ServiceParts, catalogues: Mapping[str, Catalogue], assets: Assets, folders: Sequence[Path]
    ) -> None:
        self._parts = parts
        self._by_language = {
            language: _environment(parts, catalogue, assets, folders) for language, catalogue in catalogues.items()
        }

    def page(self, language: str, name: str, context: Mapping[str, Any]) -> str:
        """The text of one page.

        Errors: jinja2.UndefinedError when the template wants a value that was not given.
        """
        return self._by_language[language].get_template(name).render(context)


def render(request: Request, name: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """Answer with a page in the language of the request.

    Beside what is given, a template knows: `request_path`, `language`, `languages`, `actor`, `service`,
    `service_title`, `navigation`, `now`, `data_at` (when the shown data was true; now unless given),
    `number` (the correlation id).
    """
    parts: ServiceParts = request.app.state.parts
    templates: Templates = request.app.state.templates
    language = choose_language(request)
    now = parts.clock.now()
    known = {
        "request_path": request.url.path,
        "language": language,
        "languages": _language_links(request),
        "actor": getattr(request.state, "known", None),
        "service": parts.name,
        "service_title": parts.title,
        "navigation": [entry for entry in parts.navigation if _may_open(request, entry.path)],
        "now": now,
        "data_at": now,
        "number": getattr(request.state, "correlation_id", ""),
    }
    response = HTMLResponse(templates.page(language, name, {**known, **context}), status)
    response.headers["content-language"] = language
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, language, max_age=_YEAR_S, samesite="lax", secure=False, httponly=True)
    return response


def _environment(
    parts: ServiceParts, catalogue: Catalogue, assets: Assets, folders: Sequence[Path]
) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    # The i18n extension adds this method at run time.
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.plural, newstyle=True
    )
    zone = parts.settings.zone()
    language = catalogue.language
    environment.filters.update(
        {
            "local_time": lambda at: local_time(at, zone),
            "date": lambda day: local_date(day, language),
            "local_day": lambda at: local_day(at, zone, language),
            "local_moment": lambda at: local_moment(at, zone, language),
            "street_time": parts.clock.in_street_time,
            "age": lambda at, now: age_text(catalogue, _seconds(at, now)),
            "amount": lambda number, unit="": amount_text(number, unit),
        }
    )
    environment.globals.update(
        {
            "asset": assets.url,
            "new_key": lambda: parts.randomness.token_urlsafe(16),
            "icon": lambda name: _icon(assets, name),
        }
    )
    return environment


def _icon(assets: Assets, name: str) -> Markup:
    return Markup(
        '<svg class="c-icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>'
    ).format(assets.url("icons.svg"), name)


def _seconds(at: datetime, now: datetime) -> float:
    return (now - at).total_seconds()


def _language_links(request: Request) -> list[dict[str, str]]:
    return [
        {
            "code": code,
            "name": name,
            # Only the query: a form that was refused is shown at the address of its POST.
            "href": f"?{request.url.include_query_params(lang=code).query}",
        }
        for code, name in LANGUAGE_NAMES.items()
    ]


def _may_open(request: Request, path: str) -> bool:
    actor = getattr(request.state, "known", None)
    if actor is None:
        return False
    roles = request.app.state.page_roles.get(path)
    return roles is None or actor.has_role(*roles)
