"""Turns due doors into rounds, and knows where every bag is."""
