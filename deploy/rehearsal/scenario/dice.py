"""Owns the rehearsal's chance: one stream of draws for each purpose, the same for the same seed."""

import random
from collections.abc import Sequence


def roll(seed: int, purpose: str) -> random.Random:
    """Give a source of draws that belongs to this seed and this purpose alone.

    A purpose of its own keeps one file of the scenario from changing when another one draws once more.
    """
    return random.Random(f"{seed}/{purpose}")  # noqa: S311  (a rehearsal wants repeatable draws)


def share_out(total: int, weights: Sequence[float]) -> list[int]:
    """Cut a whole number into whole parts as near to the weights as can be; the parts sum to the total."""
    scale = total / sum(weights)
    parts = [int(weight * scale) for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: parts[i] - weights[i] * scale)
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
