"""Errors, clock, ids, randomness, crash points: the ground floor, standard library only."""
