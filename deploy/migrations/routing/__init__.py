"""The history of routing's database."""
