"""Sealing, keys, passwords, sessions, roles, scope and the audit trail."""
