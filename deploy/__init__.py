"""Starts the services, and rehearses with them."""
