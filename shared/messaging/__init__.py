"""Outbox, relay, inbox and consumer: how events leave and enter a service."""
