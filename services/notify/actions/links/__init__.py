"""Status links: opened."""
