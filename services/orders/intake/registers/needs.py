"""Owns the words about people: special needs, languages and pets."""

import itertools
import re
from dataclasses import dataclass

from services.orders.intake.registers.plain_text import NUMERAL, plain, whole_number

NEED_WORDS = {
    "elderly_alone": ("独居老人", "孤寡老人", "独居"),
    "infant": ("婴儿", "婴幼儿", "新生儿"),
    "pregnant": ("孕妇", "怀孕", "孕期"),
    "disabled": ("残疾", "残障", "行动不便", "轮椅"),
    "hearing": ("听障", "听不见", "耳背", "聋"),
    "vision": ("视障", "失明", "盲"),
    "chronic_medication": ("慢性病", "长期服药", "高血压药", "定期取药"),
    "dialysis": ("透析", "血透"),
    "diabetic_diet": ("糖尿病", "低糖", "无糖"),
    "low_salt": ("低盐", "少盐"),
    "halal": ("清真", "回族饮食"),
    "vegetarian": ("素食", "吃素"),
    "pet_dog": ("狗", "犬"),
    "pet_cat": ("猫",),
}
LANGUAGE_WORDS = {
    "zh": ("普通话", "国语", "中文"),
    "yue": ("粤语", "广东话", "白话"),
    "hak": ("客家话",),
    "nan": ("潮汕话", "潮州话", "闽南话"),
    "en": ("英语", "english"),
    "ko": ("韩语",),
    "ja": ("日语",),
    "fr": ("法语",),
    "ru": ("俄语",),
}
_CODE_OF_WORD = {word: code for code, words in NEED_WORDS.items() for word in words}
_LANGUAGE_OF_WORD = {word: code for code, words in LANGUAGE_WORDS.items() for word in words}
# Longest first, so that 独居老人 is found before 独居 and 糖尿病 takes its letters before 无糖 can.
_WORDS_BY_LENGTH = sorted(_CODE_OF_WORD, key=len, reverse=True)
_NEGATION = re.compile(r"(?:无|不是|已不|没有|没|未|非|不)$")

_ANIMAL = "狗犬猫"
# More than these are a phone number or a slip.
MOST_PETS = 30
_PET_CODE = {"狗": "pet_dog", "犬": "pet_dog", "猫": "pet_cat"}
_COUNT = rf"(?:\d+|[{NUMERAL}]+)"
_TOKEN = re.compile(rf"({_COUNT})|([{_ANIMAL}])\2*")
_MEASURE = re.compile(rf"{_COUNT}\s*(?:岁|个?月|公?斤|kg|千克|年)", re.IGNORECASE)
_EACH = re.compile(rf"各\s*({_COUNT})")
_VAGUE = re.compile(r"几|数|多|若干|约|左右|\d\s*[-~到至]\s*\d")
_NO_PETS = re.compile(r"(?:无|没有?|未养|不养|否).*|0")


@dataclass(frozen=True, slots=True)
class Needs:
    """What a row's words say. `unrecognized`: there is text, and no word in it is known."""

    codes: frozenset[str]
    unrecognized: bool


@dataclass(frozen=True, slots=True)
class Pets:
    """How many dogs and cats. `count` is None where it was not written, or (`unclear`) cannot be told."""

    count: int | None
    codes: frozenset[str]
    unclear: bool = False


def read_needs(texts: tuple[str, ...]) -> Needs:
    """Find the words for needs in a row's cells; a word right behind a negation is known but does not count."""
    codes: set[str] = set()
    has_text, has_word = False, False
    for text in texts:
        remaining = plain(text).casefold()
        has_text = has_text or bool(remaining)
        for word in _WORDS_BY_LENGTH:
            while (start := remaining.find(word)) >= 0:
                has_word = True
                if not _NEGATION.search(remaining[:start]):
                    codes.add(_CODE_OF_WORD[word])
                # What one word took, no other may take again; a mark of the same length keeps neighbours apart.
                remaining = remaining[:start] + "·" * len(word) + remaining[start + len(word) :]
    return Needs(frozenset(codes), has_text and not has_word)


def read_language(text: str) -> tuple[str | None, bool]:
    """Read a language: its code, and whether there is text that is no language we know."""
    text = plain(text).casefold()
    code = _LANGUAGE_OF_WORD.get(text)
    return code, bool(text) and code is None


def read_pets(text: str) -> Pets:
    """Count dogs and cats: `狗1猫2` are three, `一只狗` is one, an animal without a number counts one."""
    bare = re.sub(r"\s+", "", text)
    if bare in {"无", "没有"}:
        return Pets(0, frozenset())
    read = plain(text)
    if not read:
        return Pets(None, frozenset())
    kept = re.sub(rf"(?:无|没有?|未养|不养)[^{_ANIMAL}]{{0,1}}[{_ANIMAL}]", "", read)
    codes = frozenset(_PET_CODE[char] for char in kept if char in _ANIMAL)
    if not codes:
        none = kept != read or _NO_PETS.fullmatch(read) is not None
        return Pets(0, codes) if none else Pets(None, codes, unclear=True)
    if _VAGUE.search(kept):
        return Pets(None, codes, unclear=True)
    count = sum(_count_pets(part) for part in re.split(r"[、,;，；和\n]+", _MEASURE.sub("", kept)))
    return Pets(count, codes) if count <= MOST_PETS else Pets(None, codes, unclear=True)


def _count_pets(text: str) -> int:
    each = _EACH.search(text)
    if each:
        return (whole_number(each[1]) or 0) * sum(char in _ANIMAL for char in text)
    tokens = [match[1] or "" for match in _TOKEN.finditer(text)]
    if tokens and tokens[0]:
        # 一只狗两只猫: the number stands before its animal.
        tokens.reverse()
    total = 0
    for token, following in itertools.pairwise([*tokens, ""]):
        if not token:
            total += 1 if not following else whole_number(following) or 0
    return total
