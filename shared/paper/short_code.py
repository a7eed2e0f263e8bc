"""QR codes as SVG text, for links and labels; drawn with attributes only, so that a strict page shows them."""

import io
from typing import Final

import segno

# Wet paper and cracked screens: a quarter of the code may be unreadable.
_ERROR_LEVEL: Final = "q"
_QUIET_MODULES: Final = 4
MAX_CHARACTERS: Final = 600


def qr_svg(text: str, label: str) -> str:
    """Draw a text as one `<svg>` element that scales to whatever holds it.

    `label` is what a screen reader says. Put it into a template with `|safe`: both texts are escaped here.

    Errors: ValueError for an empty text and for one of more than 600 characters, which no phone reads off paper.
    """
    if not 0 < len(text) <= MAX_CHARACTERS:
        message = f"a short code holds 1 to {MAX_CHARACTERS} characters, not {len(text)}"
        raise ValueError(message)
    written = io.BytesIO()
    segno.make(text, error=_ERROR_LEVEL, micro=False, boost_error=False).save(
        written,
        kind="svg",
        border=_QUIET_MODULES,
        xmldecl=False,
        svgns=True,
        nl=False,
        omitsize=True,
        # Black on white in dark mode too: many scanners cannot read it the other way round.
        dark="#000",
        light="#fff",
        svgclass="c-code",
        lineclass=None,
        title=label,
    )
    return written.getvalue().decode().replace("<svg ", '<svg role="img" ', 1)
