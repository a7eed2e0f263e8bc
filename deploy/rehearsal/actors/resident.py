"""The resident: reads the message, opens the status link in it."""

import re
from urllib.parse import urlsplit

from deploy.rehearsal.actors.browser import Browser, World

_LINK = re.compile(r"https?://\S+?/s/[A-Za-z0-9_-]+")


def link_in(text: str) -> str | None:
    """The status link in a message's text."""
    found = _LINK.search(text)
    return found.group() if found else None


async def open_link(world: World, link: str) -> str:
    """Open the status page behind the link; gives its HTML."""
    reply = await Browser(world, "notify", "resident").get(urlsplit(link).path)
    return reply.body.decode()
