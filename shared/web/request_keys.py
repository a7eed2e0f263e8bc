"""Reads the client-made key of a request, and turns a kept answer into a response."""

import hashlib
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from shared.web.error_responses import Malformed
from shared.web.idempotency import KEY_FORM, Answer, RequestKey, hash_request

KEY_FIELD = "idempotency_key"
KEY_HEADER = "idempotency-key"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_request_key(request: Request) -> RequestKey:
    """The key of this request: a form's hidden field, or the header `Idempotency-Key`.

    Errors: Malformed("idempotency_key_missing" | "idempotency_key_malformed"), 422.
    """
    if request.headers.get("content-type", "").startswith(_FORMS):
        form = await request.form()
        key = form.get(KEY_FIELD) or request.headers.get(KEY_HEADER, "")
        body = await _form_digest(form)
    else:
        key = request.headers.get(KEY_HEADER, "")
        body = await request.body()
    if not key:
        raise Malformed("idempotency_key_missing")
    if not isinstance(key, str) or not KEY_FORM.fullmatch(key):
        raise Malformed("idempotency_key_malformed")
    actor = getattr(request.state, "actor", None)
    who = "" if actor is None else f"{actor.account_id}|{actor.bound_to}"
    return RequestKey(key, f"{request.method} {request.url.path}", hash_request(who, body))


GivenKey = Annotated[RequestKey, Depends(read_request_key)]


def respond(answer: Answer) -> Response:
    """An answer as HTTP: 303 for a form that went through, else JSON; a repeated one says so in a header."""
    headers = {"x-answered-before": "true"} if answer.replayed else {}
    if answer.status == 303:
        return RedirectResponse(answer.body["location"], 303, headers=headers)
    return JSONResponse(dict(answer.body), answer.status, headers=headers)


async def _form_digest(form: FormData) -> bytes:
    digest = hashlib.sha256()
    for name, value in sorted(form.multi_items(), key=lambda item: item[0]):
        if name == KEY_FIELD:
            continue
        if isinstance(value, UploadFile):
            content = await value.read()
            await value.seek(0)
        else:
            content = value.encode()
        digest.update(f"{len(name)}|{name}|{len(content)}|".encode() + content)
    return digest.digest()
