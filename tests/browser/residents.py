"""Finds the residents' status links where residents find them: in the messages."""

import re

import httpx

from deploy.rehearsal.actors.resident import link_in
from deploy.rehearsal.simulators.provider_log import read_log
from tests.browser.town import Town

_HEAD = re.compile(r'c-order__head"><svg[^>]*><use href="[^"#]*#([a-z_]+)"')


async def links_by_state(town: Town) -> dict[str, str]:
    """One status link for each state that a household's newest order is in just now.

    The states are the names of their signs: received packed out delivered no_answer cancelled.
    """
    links = {link for line in read_log(town.provider_log) if (link := link_in(line.text))}
    found: dict[str, str] = {}
    async with httpx.AsyncClient() as client:
        for link in sorted(links):
            shown = _HEAD.search((await client.get(link)).text)
            if shown is not None:
                found.setdefault(shown.group(1), link)
    return found
