"""How long crews walk between places: straight on with a detour, or along the ways where these are drawn. Pure."""

import heapq
import math
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

Line = tuple[tuple[float, float], ...]
"""One way as it is drawn: its points in metres."""
Point = tuple[int, int]
"""Whole millimetres: sums of them come out the same in every order, so that all who count agree to the second."""
Piece = tuple[Point, Point]
"""A straight piece of a way, its lesser end first."""
_CELL_MM = 30_000
_MOST_RINGS = 40
_ROWS_KEPT = 256
_NEVER_MM = 1 << 60


class Spot(Protocol):
    """Anything that stands somewhere; local metres."""

    @property
    def x(self) -> float:
        """Is how far east it is."""

    @property
    def y(self) -> float:
        """Is how far north it is."""


@dataclass(frozen=True, slots=True)
class _Joint:
    """Where a place meets its nearest way: from there to both ends of the piece, and from the place to there."""

    first: int
    last: int
    to_first_mm: int
    to_last_mm: int
    off_mm: int


class Ways:
    """A network of ways; two meet where they share a point. It remembers what it was asked last.

    Equal where the lines are; never changes but for what it remembers.
    Source: docs/formats/rounds.md, "Ways".
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = tuple(lines)
        pieces = {piece for line in self.lines for piece in _pieces(line)}
        self._node_of: dict[Point, int] = {}
        for piece in sorted(pieces):
            for point in piece:
                self._node_of.setdefault(point, len(self._node_of))
        self._arcs: list[list[tuple[int, int]]] = [[] for _ in self._node_of]
        self._near: dict[Point, list[Piece]] = defaultdict(list)
        for begin, end in pieces:
            first, last, long_mm = self._node_of[begin], self._node_of[end], _apart_mm(begin, end)
            self._arcs[first].append((last, long_mm))
            self._arcs[last].append((first, long_mm))
            for cell in _cells((begin, end)):
                self._near[cell].append((begin, end))
        self._pieces = tuple(pieces)
        self._joints: dict[Point, _Joint] = {}
        self._rows: OrderedDict[Point, list[int]] = OrderedDict()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ways) and self.lines == other.lines

    def __hash__(self) -> int:
        return hash(self.lines)

    def between_mm(self, here: Point, there: Point, detour: float) -> int | None:
        """Gives the shortest way between two places; None where they are walked straight.

        That is where no drawn way leads from one to the other, and where they are nearer to each other than to the
        ways. From a place to its way the detour counts, along the way it does not.
        """
        if not self._pieces:
            return None
        if there not in self._rows:
            self._rows[there] = self._walk(self._joint(there), None)
            if len(self._rows) > _ROWS_KEPT:
                self._rows.popitem(last=False)
        return self._between_mm(self._rows[there], here, there, detour)

    def squared_mm(self, places: Sequence[Point], detour: float) -> list[list[int | None]]:
        """Gives what `between_mm` gives for every two places; row i holds those to the places before places[i]."""
        if not self._pieces:
            return [[None] * number for number in range(len(places))]
        joints = [self._joint(place) for place in places]
        wanted = {end for joint in joints for end in (joint.first, joint.last)}
        return [
            [self._between_mm(reached_mm, here, there, detour) for here in places[:number]]
            for number, there in enumerate(places)
            for reached_mm in [self._walk(joints[number], wanted)]
        ]

    def joined(self, places: Iterable[Point]) -> tuple[Line, ...]:
        """Gives the lines that some place is joined to, and all that hang together with them."""
        ahead = [self._joint(place).first for place in places] if self._pieces else []
        reached = set(ahead)
        while ahead:
            fresh = {other for other, _ in self._arcs[ahead.pop()]} - reached
            reached |= fresh
            ahead += fresh
        kept = {point for point, node in self._node_of.items() if node in reached}
        return tuple(line for line in self.lines if _point(*line[0]) in kept)

    def _between_mm(self, reached_mm: Sequence[int], here: Point, there: Point, detour: float) -> int | None:
        out, back = self._joint(here), self._joint(there)
        if _apart_mm(here, there) <= out.off_mm + back.off_mm:
            return None
        along_mm = _along_mm(reached_mm, back, out)
        if along_mm >= _NEVER_MM:
            return None
        return round(out.off_mm * detour) + along_mm + round(back.off_mm * detour)

    def _joint(self, place: Point) -> _Joint:
        if place not in self._joints:
            off_mm, piece = min((_meeting(place, piece)[0], piece) for piece in self._nearby(place))
            _, along_mm = _meeting(place, piece)
            begin, end = piece
            rest_mm = _apart_mm(begin, end) - along_mm
            self._joints[place] = _Joint(self._node_of[begin], self._node_of[end], along_mm, rest_mm, off_mm)
        return self._joints[place]

    def _nearby(self, place: Point) -> Sequence[Piece]:
        """Lists some pieces, the nearest of all among them, out of ever wider rings of cells around the place."""
        found: list[Piece] = []
        nearest_mm = _NEVER_MM
        for ring in range(_MOST_RINGS):
            fresh = [piece for cell in _ring(place, ring) for piece in self._near.get(cell, ())]
            nearest_mm = min([nearest_mm, *(_meeting(place, piece)[0] for piece in fresh)])
            found += fresh
            if nearest_mm < ring * _CELL_MM:
                return found
        return self._pieces

    def _walk(self, start: _Joint, wanted: set[int] | None) -> list[int]:
        """Gives the shortest ways from a joint, at least those to the wanted points (Dijkstra)."""
        reached_mm = [_NEVER_MM] * len(self._arcs)
        left = None if wanted is None else set(wanted)
        ahead = [(start.to_first_mm, start.first), (start.to_last_mm, start.last)]
        heapq.heapify(ahead)
        while ahead and (left is None or left):
            so_far_mm, node = heapq.heappop(ahead)
            if so_far_mm >= reached_mm[node]:
                continue
            reached_mm[node] = so_far_mm
            if left is not None:
                left.discard(node)
            for other, long_mm in self._arcs[node]:
                if so_far_mm + long_mm < reached_mm[other]:
                    heapq.heappush(ahead, (so_far_mm + long_mm, other))
        return reached_mm


class Pace(Protocol):
    """How fast crews walk, by how much a straight line is too short, and the ways they keep to, if drawn."""

    @property
    def walk_mps(self) -> float:
        """Is metres a second."""

    @property
    def detour(self) -> float:
        """Is what a straight line is multiplied by."""

    @property
    def ways(self) -> Ways | None:
        """Is the network."""


def walk_s(pace: Pace, here: Spot, there: Spot) -> int:
    """Gives the whole seconds between two places; Python's round. Source: formats/rounds, "Walk"."""
    between_mm = None
    if pace.ways is not None:
        between_mm = pace.ways.between_mm(_point(here.x, here.y), _point(there.x, there.y), pace.detour)
    return _straight_s(pace, here, there) if between_mm is None else _along_s(pace, between_mm)


def walks_s(pace: Pace, places: Sequence[Spot]) -> tuple[tuple[int, ...], ...]:
    """Gives the whole seconds between every two places.

    Shape: square and symmetric, 0 from a place to itself.
    """
    if pace.ways is None:
        return tuple(tuple(_straight_s(pace, here, there) for there in places) for here in places)
    along_mm = pace.ways.squared_mm([_point(place.x, place.y) for place in places], pace.detour)
    square = [[0] * len(places) for _ in places]
    for row, here in enumerate(places):
        for column, between_mm in enumerate(along_mm[row]):
            seconds = _straight_s(pace, here, places[column]) if between_mm is None else _along_s(pace, between_mm)
            square[row][column] = square[column][row] = seconds
    return tuple(map(tuple, square))


def used_lines(lines: Sequence[Line], places: Iterable[Spot]) -> tuple[Line, ...]:
    """Leaves out the lines that cannot matter to walks between these places: what joins none of them.

    Walks between these places are the same over what is kept as over all, to the second.
    """
    return Ways(lines).joined({_point(place.x, place.y) for place in places})


def _straight_s(pace: Pace, here: Spot, there: Spot) -> int:
    return round(math.hypot(here.x - there.x, here.y - there.y) * pace.detour / pace.walk_mps)


def _along_s(pace: Pace, between_mm: int) -> int:
    return round(between_mm / 1000 / pace.walk_mps)


def _along_mm(row: Sequence[int], start: _Joint, end: _Joint) -> int:
    """Gives the way between two joints, by the ways from the first to every point."""
    around_mm = min(row[end.first] + end.to_first_mm, row[end.last] + end.to_last_mm)
    if (start.first, start.last) == (end.first, end.last):
        return min(around_mm, abs(start.to_first_mm - end.to_first_mm))
    return around_mm


def _point(x_m: float, y_m: float) -> Point:
    return round(x_m * 1000), round(y_m * 1000)


def _pieces(line: Line) -> Iterator[Piece]:
    points = [_point(*corner) for corner in line]
    for one, other in pairwise(points):
        if one != other:
            yield min(one, other), max(one, other)


def _apart_mm(here: Point, there: Point) -> int:
    return _root((here[0] - there[0]) ** 2 + (here[1] - there[1]) ** 2)


def _meeting(place: Point, piece: Piece) -> tuple[int, int]:
    """Gives how far a place is from a piece, and how far along it, from its lesser end, the two are nearest."""
    begin, end = piece
    over, up = end[0] - begin[0], end[1] - begin[1]
    east, north = place[0] - begin[0], place[1] - begin[1]
    square = over * over + up * up
    along = east * over + north * up
    if along <= 0:
        return _apart_mm(place, begin), 0
    if along >= square:
        return _apart_mm(place, end), _root(square)
    return _root((east * up - north * over) ** 2, square), _root(along**2, square)


def _root(above: int, below: int = 1) -> int:
    """Gives the whole number nearest to the root of a fraction, exactly: floats would differ in the last place."""
    return (math.isqrt(4 * above // below) + 1) // 2


def _cells(piece: Piece) -> Iterator[Point]:
    """Lists the cells that a piece runs through, and some beside it."""
    (left, one), (right, other) = piece
    for column in range(left // _CELL_MM, right // _CELL_MM + 1):
        enters = max(left, column * _CELL_MM)
        leaves = min(right, (column + 1) * _CELL_MM)
        heights = [one + (other - one) * (at - left) // (right - left) for at in (enters, leaves) if right > left]
        low, high = min(heights, default=min(one, other)), max(heights, default=max(one, other))
        for row in range((low - 1) // _CELL_MM, (high + 1) // _CELL_MM + 1):
            yield column, row


def _ring(place: Point, ring: int) -> Iterator[Point]:
    middle, centre = place[0] // _CELL_MM, place[1] // _CELL_MM
    for column in range(middle - ring, middle + ring + 1):
        rows = (
            range(centre - ring, centre + ring + 1)
            if abs(column - middle) == ring
            else {centre - ring, centre + ring}
        )
        for row in rows:
            yield column, row
