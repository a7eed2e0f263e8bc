"""Rosters and admissions."""
