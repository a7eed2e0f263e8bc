"""Households: registered, changed, imported, removed."""
