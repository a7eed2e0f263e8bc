"""Routing's doors for programs: the crew's phone."""
