"""Static files, kept in memory and served under an address that changes with their content."""

import gzip
import hashlib
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

SHARED_STATIC: Final = Path(__file__).parent / "static"
# In this order they make one style sheet: one request on a phone with a bad line. Residents get a smaller one.
STYLE_SHEETS: Final = {
    "baimi.css": ("tokens", "page", "forms", "components", "staff", "status", "print"),
    "resident.css": ("tokens", "page", "components"),
}
STYLE_PARTS: Final = frozenset(part for parts in STYLE_SHEETS.values() for part in parts)
_FOREVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml", ".css": "text/css"}
_TEXTS: Final = ("text/", "image/svg", "application/json", "application/manifest")


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    packed: bytes | None
    content_type: str


class Assets:
    """All static files of one service; a request with another version's hash gets today's file, uncached."""

    def __init__(self, folders: Sequence[Path]) -> None:
        files = _read_files(folders)
        digest = hashlib.sha256()
        for name in sorted(files):
            digest.update(name.encode() + b"\0" + files[name] + b"\0")
        # One hash for all: an ES module may import its neighbour by a relative address.
        self.version = digest.hexdigest()[:12]
        self._assets = {name: _asset(name, body) for name, body in files.items()}

    def url(self, name: str) -> str:
        """The address of one file.

        Errors: KeyError for a file that is not there: the page's template is wrong.
        """
        if name not in self._assets:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def body(self, name: str) -> bytes:
        """The content of one file."""
        return self._assets[name].body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `/static/<version>/<name>`."""
        _, _, rest = scope["path"].removeprefix("/static/").partition("/")
        found = self._assets.get(rest)
        if found is None or scope["method"] not in {"GET", "HEAD"}:
            await Response("not found", 404, media_type="text/plain")(scope, receive, send)
            return
        is_current = scope["path"].startswith(f"/static/{self.version}/")
        headers = {"cache-control": _FOREVER if is_current else "no-cache", "vary": "accept-encoding"}
        body = found.body
        if found.packed is not None and _takes_gzip(scope):
            headers["content-encoding"] = "gzip"
            body = found.packed
        await Response(body, headers=headers, media_type=found.content_type)(scope, receive, send)


def _read_files(folders: Sequence[Path]) -> dict[str, bytes]:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    parts = {part: files.pop(f"css/{part}.css", b"") for part in sorted(STYLE_PARTS)}
    sheets = {name: b"\n".join(parts[part] for part in names) for name, names in STYLE_SHEETS.items()}
    return files | {name: sheet for name, sheet in sheets.items() if sheet.strip()}


def _asset(name: str, body: bytes) -> _Asset:
    suffix = Path(name).suffix
    content_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = content_type.startswith(_TEXTS)
    packed = gzip.compress(body, 9, mtime=0) if is_text and len(body) > 500 else None
    return _Asset(body, packed, content_type)


def _takes_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
