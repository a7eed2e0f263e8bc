"""Owns the made-up streets: register, estate, crews and the script of what happens, drawn from a seed."""
