"""Who guesses at status links is slowed down; who holds one is not."""

from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final

# Many addresses are kept so that none is forgotten while it still has to wait; a few megabytes at most.
_MOST_ADDRESSES: Final = 20_000
_MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class MissLimits:
    """How many links that show nothing may be opened: so many at once, and so many a minute after that.

    A whole compound may sit behind one address of a carrier, and old links are opened again innocently.
    """

    per_address: int = 30
    per_address_a_minute: float = 6.0
    overall: int = 600
    overall_a_minute: float = 60.0


@dataclass(slots=True)
class _Bucket:
    """So many misses are left; more drip in as time passes."""

    holds: int
    a_minute: float
    left: float
    at_s: float

    def level(self, now_s: float) -> float:
        return min(self.holds, self.left + (now_s - self.at_s) * self.a_minute / _MINUTE_S)

    def take(self, now_s: float) -> None:
        self.left, self.at_s = max(0.0, self.level(now_s) - 1), now_s

    def wait_s(self, now_s: float) -> float:
        return max(0.0, (1 - self.level(now_s)) * _MINUTE_S / self.a_minute)


@dataclass(slots=True)
class MissedLinks:
    """The misses of this process, by address and overall.

    When too many miss overall, only those who missed lately have to wait: no guesser can shut residents out.
    Units: real seconds.
    """

    limits: MissLimits = MissLimits()
    _by_address: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)
    _overall: _Bucket | None = None

    def wait_s(self, address: str, now_s: float) -> float:
        """How long this address must wait before it may open any link; 0 for at once."""
        own = self._by_address.get(_place_of(address))
        if own is None or own.level(now_s) >= own.holds:
            return 0.0
        overall_s = self._overall.wait_s(now_s) if self._overall is not None else 0.0
        return max(own.wait_s(now_s), overall_s)

    def note_miss(self, address: str, now_s: float) -> None:
        """Count a link that showed nothing."""
        place = _place_of(address)
        if place not in self._by_address:
            self._by_address[place] = self._full(self.limits.per_address, self.limits.per_address_a_minute, now_s)
        self._by_address.move_to_end(place)
        if len(self._by_address) > _MOST_ADDRESSES:
            self._by_address.popitem(last=False)
        if self._overall is None:
            self._overall = self._full(self.limits.overall, self.limits.overall_a_minute, now_s)
        self._by_address[place].take(now_s)
        self._overall.take(now_s)

    @staticmethod
    def _full(holds: int, a_minute: float, now_s: float) -> _Bucket:
        return _Bucket(holds, a_minute, float(holds), now_s)


def _place_of(address: str) -> str:
    """An address, or the network a single home gets of the new kind: it has more addresses than can be counted."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return parsed.exploded[:19] if isinstance(parsed, IPv6Address) else address
