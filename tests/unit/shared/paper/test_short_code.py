"""A code on paper that a strict page shows and a scanner reads."""

import pytest

from shared.paper.short_code import MAX_CHARACTERS, qr_svg


def test_a_code_is_one_drawing_without_styles_or_scripts() -> None:
    drawn = qr_svg("https://notify.example/s/abc", "Status page")
    assert drawn.startswith('<svg role="img"')
    assert "style=" not in drawn
    assert "<title>Status page</title>" in drawn


def test_what_is_written_in_it_cannot_break_out() -> None:
    assert "<b>" not in qr_svg("x", "<b>&</b>")


@pytest.mark.parametrize("text", ["", "x" * (MAX_CHARACTERS + 1)])
def test_a_text_no_phone_would_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="short code"):
        qr_svg(text, "label")
