"""Where a crew's day stands before the rounds that are still to be planned."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """What a crew has behind it: its rounds so far, when it is free, when it last rested, how late it has been.

    `handling` is the class of the entrance it was in last, -1 where it has been in none.
    Units: seconds from time 0; `late_s` the sum over the orders of those rounds.
    """

    now_s: int
    rested_s: int
    handling: int = -1
    rounds: int = 0
    late_s: int = 0
