"""Ways to a resident: one file a provider."""
