"""Notify's history of its own database."""
