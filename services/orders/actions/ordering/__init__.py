"""Orders: placed, changed, cancelled, brought again."""
