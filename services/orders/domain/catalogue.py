"""What can be asked for: items with their weight, unit and limit, in all languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be packed. Units: `grams` a piece; `limit` is pieces in one order."""

    code: str
    zh: str
    en: str
    grams: int
    cold: bool
    limit: int
    # What a quick hand types for it: mi2 is two bags of rice.
    quick: str


ITEMS: Final[Mapping[str, Item]] = {
    item.code: item
    for item in (
        Item("RICE", "大米 5公斤", "Rice 5 kg", 5000, False, 2, "mi"),
        Item("NOODLES", "面条 1公斤", "Noodles 1 kg", 1000, False, 4, "mt"),
        Item("OIL", "食用油 900毫升", "Cooking oil 900 ml", 830, False, 2, "yo"),
        Item("SALT", "食盐 400克", "Salt 400 g", 400, False, 2, "ya"),
        Item("EGGS", "鸡蛋 30枚", "Eggs, 30", 1900, False, 1, "jd"),
        Item("VEGETABLES", "蔬菜包 2公斤", "Vegetables 2 kg", 2000, False, 3, "cai"),
        Item("FRUIT", "水果 1公斤", "Fruit 1 kg", 1000, False, 3, "sg"),
        Item("MILK", "牛奶 1升", "Milk 1 l", 1050, True, 6, "nn"),
        Item("PORK", "猪肉 500克", "Pork 500 g", 500, True, 4, "zr"),
        Item("CHICKEN", "鸡肉 500克", "Chicken 500 g", 500, True, 4, "jr"),
        Item("TOFU", "豆腐 400克", "Tofu 400 g", 400, True, 4, "df"),
        Item("WATER", "饮用水 5升", "Drinking water 5 l", 5100, False, 2, "sh"),
        Item("FORMULA", "婴儿奶粉 800克", "Infant formula 800 g", 950, False, 2, "nf"),
        Item("NAPPIES", "纸尿裤 1包", "Nappies, 1 pack", 1500, False, 2, "nb"),
        Item("PETFOOD", "宠物粮 1.5公斤", "Pet food 1.5 kg", 1500, False, 2, "cw"),
        Item("PAPER", "卫生纸 10卷", "Toilet paper, 10", 1200, False, 2, "zj"),
        Item("MASKS", "口罩 20只", "Masks, 20", 120, False, 3, "kz"),
    )
}
