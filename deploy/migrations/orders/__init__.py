"""The history of orders' database."""
