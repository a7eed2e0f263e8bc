"""Owns the drawn ways of an estate: which of them crews can walk, and where they meet."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import hypot
from typing import Final

# Two trolleys of 150 kg are some 0.6 m wide; a way that is narrower than this takes none.
TROLLEY_WIDTH_M: Final = 0.8
# Nobody draws better than this; what ends so near to a way is meant to end on it.
SNAP_M: Final = 0.5
_CELL_M: Final = 50.0

Corner = tuple[float, float]
_Piece = tuple[int, int]
"""A straight piece: the way's number and the piece's number in it."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way crews walk on, as it is drawn. Units: local metres."""

    feature_id: str
    line: tuple[Corner, ...]
    is_closed: bool = False
    width_m: float | None = None

    @property
    def is_walkable(self) -> bool:
        """Whether a crew with a trolley can go along it."""
        return not self.is_closed and (self.width_m is None or self.width_m >= TROLLEY_WIDTH_M)


def let_ways_meet(ways: Sequence[Way]) -> tuple[Way, ...]:
    """Puts a common point where ways cross, and where one ends within half a metre of another.

    Shape: the same ways in the same order, with more points; to the millimetre.
    """
    ways = [replace(way, line=tuple(_to_the_millimetre(corner) for corner in way.line)) for way in ways]
    more: dict[_Piece, set[Corner]] = defaultdict(set)
    tails: dict[_Piece, Corner] = {}
    for one, other in _neighbours(ways):
        crossing = _crossing(_ends(ways, one), _ends(ways, other))
        if crossing is not None:
            more[one].add(crossing)
            more[other].add(crossing)
            continue
        for ending, piece in ((one, other), (other, one)):
            for number, tip in _tips(ways, ending):
                _snap(ways, (ending[0], number, tip), piece, (more, tails))
    return tuple(_with_points(way, number, more, tails) for number, way in enumerate(ways))


def _to_the_millimetre(corner: Corner) -> Corner:
    # Adding nought turns -0.0 into 0.0, which is written differently.
    return round(corner[0], 3) + 0.0, round(corner[1], 3) + 0.0


def _neighbours(ways: Sequence[Way]) -> Iterator[tuple[_Piece, _Piece]]:
    """Lists the pairs of pieces that may touch: those that have a cell in common."""
    cells: dict[tuple[int, int], list[_Piece]] = defaultdict(list)
    for number, way in enumerate(ways):
        for place, ends in enumerate(pairwise(way.line)):
            for cell in _cells(*ends):
                cells[cell].append((number, place))
    pairs = {pair for pieces in cells.values() for pair in combinations(pieces, 2)}
    return iter(sorted(pairs))


def _cells(begin: Corner, end: Corner) -> Iterator[tuple[int, int]]:
    """Lists the cells of a piece's box, and half a metre around it."""
    left, right = sorted((begin[0], end[0]))
    low, high = sorted((begin[1], end[1]))
    for column in range(int((left - SNAP_M) // _CELL_M), int((right + SNAP_M) // _CELL_M) + 1):
        for row in range(int((low - SNAP_M) // _CELL_M), int((high + SNAP_M) // _CELL_M) + 1):
            yield column, row


def _ends(ways: Sequence[Way], piece: _Piece) -> tuple[Corner, Corner]:
    line = ways[piece[0]].line
    return line[piece[1]], line[piece[1] + 1]


def _tips(ways: Sequence[Way], piece: _Piece) -> Iterator[tuple[int, Corner]]:
    """Lists the ends of a way that are ends of this piece, with their places in the line."""
    last = len(ways[piece[0]].line) - 1
    if piece[1] == 0:
        yield 0, ways[piece[0]].line[0]
    if piece[1] == last - 1:
        yield last, ways[piece[0]].line[last]


def _crossing(one: tuple[Corner, Corner], other: tuple[Corner, Corner]) -> Corner | None:
    """Gives where two pieces cross or touch; None for pieces that share an end or never meet."""
    if set(one) & set(other):
        return None
    (ax, ay), (bx, by) = one
    (cx, cy), (dx, dy) = other
    turn = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
    if turn == 0:
        return None
    along_one = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / turn
    along_other = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / turn
    if not (0 <= along_one <= 1 and 0 <= along_other <= 1):
        return None
    return _to_the_millimetre((ax + along_one * (bx - ax), ay + along_one * (by - ay)))


def _snap(
    ways: Sequence[Way],
    tip: tuple[int, int, Corner],
    piece: _Piece,
    found: tuple[dict[_Piece, set[Corner]], dict[_Piece, Corner]],
) -> None:
    """Joins a way's end to a piece it almost reaches: by a point of the piece, or by going on to its end."""
    more, tails = found
    number, place, (x, y) = tip
    begin, end = _ends(ways, piece)
    if (x, y) in {begin, end} or begin == end:
        return
    run = (end[0] - begin[0], end[1] - begin[1])
    share = ((x - begin[0]) * run[0] + (y - begin[1]) * run[1]) / (run[0] ** 2 + run[1] ** 2)
    nearest = min(1.0, max(0.0, share))
    if hypot(x - begin[0] - nearest * run[0], y - begin[1] - nearest * run[1]) > SNAP_M:
        return
    if 0 < share < 1:
        more[piece].add((x, y))
    else:
        tails[number, place] = begin if share <= 0 else end


def _with_points(way: Way, number: int, more: dict[_Piece, set[Corner]], tails: dict[_Piece, Corner]) -> Way:
    line: list[Corner] = [tails[number, 0]] if (number, 0) in tails else []
    for place, (begin, _) in enumerate(pairwise(way.line)):
        line.append(begin)
        line += sorted(more.get((number, place), ()), key=lambda at: hypot(at[0] - begin[0], at[1] - begin[1]))
    line.append(way.line[-1])
    last = len(way.line) - 1
    if (number, last) in tails:
        line.append(tails[number, last])
    kept = [corner for place, corner in enumerate(line) if place == 0 or corner != line[place - 1]]
    return replace(way, line=tuple(kept) if len(kept) > 1 else way.line)
