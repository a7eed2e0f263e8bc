"""Zones, buildings and how they are handled."""
