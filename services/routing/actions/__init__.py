"""What routing can do: one verb, one file."""
