"""Bags on their way back."""
