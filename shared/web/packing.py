"""Gzip for a page whose length tells an eavesdropper nothing."""

import gzip

from fastapi import Request
from starlette.responses import Response

_LEVEL = 6


def packed(request: Request, response: Response) -> Response:
    """The same answer, compressed if the browser takes that.

    For pages that show nothing the request itself brought along: where they did, an eavesdropper could learn the
    rest from the lengths of answers.
    """
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return response
    response.body = gzip.compress(bytes(response.body), _LEVEL, mtime=0)
    response.headers["content-length"] = str(len(response.body))
    response.headers["content-encoding"] = "gzip"
    response.headers["vary"] = "accept-encoding"
    return response
