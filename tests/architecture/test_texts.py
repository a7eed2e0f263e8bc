"""Every text a person may read is in the catalogues, in Chinese and in English, and nothing is there unsaid."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from services.notify.pages.words import ERROR_TEXTS as NOTIFY_TEXTS
from services.orders.pages.words import ERROR_TEXTS as ORDERS_TEXTS
from services.routing.pages.words import ERROR_TEXTS as ROUTING_TEXTS
from shared.web.catalogues import check_catalogues, translations
from shared.web.error_responses import SHARED_TEXTS

ROOT = Path(__file__).parents[2]
FOLDERS = [ROOT / "services" / name for name in ("orders", "routing", "notify")] + [ROOT / "shared" / "web"]
PAGES = sorted(page for folder in FOLDERS for page in (folder / "pages" / "templates").glob("*.html")) + sorted(
    (ROOT / "shared/web/templates").glob("*.html")
)
CHINESE = re.compile(r"[\u3400-\u9fff]")
LETTERS = re.compile(r"[^\W\d_]{2,}")
# Read by nobody but people who speak both: the sign on the door, keys of a keyboard, languages by their own names.
NEUTRAL = {"百米", "Ctrl", "Enter", "Esc", "F2", "中文", "English", "日本語"}
ATTRIBUTES = re.compile(r'\b(?:title|placeholder|alt|aria-label|label)="([^"]*)"')
OWN_TEXTS: Mapping[str, Mapping[str, str]] = {
    "orders": ORDERS_TEXTS,
    "routing": ROUTING_TEXTS,
    "notify": NOTIFY_TEXTS,
}
# Raised where no person waits for an answer: on the inbox it parks an event, in a loop or a command it is logged.
NOBODY_READS = {
    "order_unknown",  # follow_order and its like
    "drop_point_unknown",  # run_plan_request
    "bag_cannot_go_there",  # becomes the outcome of a crew's tap
    "dry_run_only",
    "file_not_found",  # both of `python -m services.orders`
    "handler_asks_again",  # inside the consumer
    "link_unknown",  # notify answers with a page of its own
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_all_that_is_said_is_in_both_catalogues_and_nothing_else(folder: Path) -> None:
    assert check_catalogues(folder) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_chinese_texts_are_chinese_and_english_ones_are_not(folder: Path) -> None:
    # A colon or a comma between two values has no letters in either language.
    foreign = [
        text for text in translations(folder, "zh_Hans") if LETTERS.search(text) and not CHINESE.search(text)
    ]
    assert foreign == []
    # What may be typed in Chinese on an English page is shown as it is typed.
    typed = ("5号楼1单元1802", "米2 蛋1")
    chinese = [text for text in translations(folder, "en") if CHINESE.search(without(text, typed))]
    assert chinese == []


def without(text: str, parts: Collection[str]) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_says_nothing_past_the_catalogue(page: Path) -> None:
    assert bare_texts(page.read_text(encoding="utf-8")) == []


def test_a_text_written_straight_into_a_page_is_found() -> None:
    page = '<p class="x">{{ _("Door") }} Hello {# aside #}<input placeholder="Your name"></p><b>你好</b>'
    assert bare_texts(page) == ["Your name", "Hello", "你好"]


def bare_texts(page: str) -> list[str]:
    """Words that stand in a page as they are, in attributes and between tags."""
    page = re.sub(r"\{% block \w*class\w* %\}.*?\{% endblock %\}", " ", page, flags=re.DOTALL)
    plain = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", page, flags=re.DOTALL)
    between = re.sub(r"<[^>]*>", " ", plain)
    words = [word for text in ATTRIBUTES.findall(plain) if LETTERS.search(text) for word in [text]]
    return [word for word in [*words, *LETTERS.findall(between)] if word not in NEUTRAL]


@pytest.mark.parametrize("service", OWN_TEXTS)
def test_every_refusal_has_words_of_its_own(service: str) -> None:
    worded = {*OWN_TEXTS[service], *SHARED_TEXTS, *NOBODY_READS}
    sources = [*(ROOT / "services" / service).rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    raised = {code for path in sources for code in refusal_codes(path)}
    assert raised, "codes are found at all"
    assert raised - worded == set()


def refusal_codes(path: Path) -> Iterator[str]:
    """The stable codes a file refuses with, where they stand in it as they are."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and node.name in refusing_classes():
            yield from _first_texts(node, {"super().__init__"})
        elif isinstance(node, ast.Call):
            yield from _first_texts(node, refusing_classes())


def _first_texts(tree: ast.AST, calls: Collection[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in calls and node.args:
            first = node.args[0]
            for one in [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


@cache
def refusing_classes() -> frozenset[str]:
    """BaimiError and all that descends from it."""
    classes = [
        (node.name, {ast.unparse(one) for one in node.bases})
        for top in ("services", "shared")
        for path in (ROOT / top).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    known = {"BaimiError"}
    while grown := {name for name, bases in classes if bases & known} - known:
        known |= grown
    return frozenset(known)
