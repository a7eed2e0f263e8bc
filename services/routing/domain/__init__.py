"""Routing's rules: estate, crews, waves, rounds, stops, taps and bags; standard library only."""
