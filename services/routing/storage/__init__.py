"""Routing's SQL: one subject a file, plain functions over a transaction."""
