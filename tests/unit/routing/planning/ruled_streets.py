"""Small random streets with the product's rules switched on at random."""

from typing import Any

from hypothesis import strategies as st

from tests.unit.routing.planning.streets import streets


@st.composite
def ruled_streets(draw: st.DrawFn, most_orders: int = 12) -> dict[str, Any]:
    """Draws a street, and for each kind of rule whether it is on and how tight; not all can always be served."""
    street = draw(streets(most_orders))
    some = st.booleans()
    if draw(some):
        classes = st.sampled_from([1, 2, 3])
        street["entrances"] = [
            {**place, "handling": draw(classes)} if place["sealed"] else place for place in street["entrances"]
        ]
    if draw(some):
        handed = st.sampled_from([None, 0, 90])
        street["entrances"] = [{**place, "hand_over_s": draw(handed)} for place in street["entrances"]]
    street["orders"] = [{**order, **draw(_promises(street))} for order in street["orders"]]
    street["crews"] = [{**crew, **draw(_bounds())} for crew in street["crews"]]
    street["rules"] = draw(_rules())
    return _without_nothing(street)


def _promises(street: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    crews = [crew["id"] for crew in street["crews"]]
    return st.fixed_dictionaries(
        {
            "not_before_s": st.sampled_from([None, None, None, 300, 1_200]),
            "not_after_s": st.sampled_from([None, None, None, 1_500, 6_000]),
            "crew": st.sampled_from([None, None, None, *crews]),
        }
    )


def _bounds() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "was_sealed": st.sampled_from([False, False, True]),
            "climbers": st.sampled_from([None, 1]),
            "may_enter": st.sampled_from([None, None, 0, 1, 2]),
        }
    )


def _rules() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "disinfect_s": st.sampled_from([0, 0, 240]),
            "own_crews": st.sampled_from([False, False, True]),
            "cold_limit_s": st.sampled_from([None, 500, 1_500]),
            "quiet": st.sampled_from([[], [], [[900, 1_100]], [[400, 500], [2_000, 2_600]]]),
            "rest_after_s": st.sampled_from([None, 700, 2_000]),
            "rest_s": st.sampled_from([0, 300]),
        }
    )


def _without_nothing(street: dict[str, Any]) -> dict[str, Any]:
    """Leaves out what is null: in a file a rule that is off is not written down."""

    def bare(row: dict[str, Any]) -> dict[str, Any]:
        optional = {"handling", "hand_over_s", "not_before_s", "not_after_s", "crew", "climbers", "may_enter"}
        return {name: value for name, value in row.items() if name not in optional or value is not None}

    rows = {name: [bare(row) for row in street[name]] for name in ("entrances", "orders", "crews")}
    rules = {name: value for name, value in street["rules"].items() if value is not None}
    return {**street, **rows, "rules": rules}
