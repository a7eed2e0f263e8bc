"""The rules of doors, households, orders and accounts: pure, one subject a file."""
