"""Who lives behind which door, what they asked for, and that nobody is forgotten."""
