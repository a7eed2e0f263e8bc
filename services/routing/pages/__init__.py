"""Routing's pages: dispatch board, estate, crews, and the crew's own list."""
