"""SQL and nothing else: plain functions over a transaction."""
