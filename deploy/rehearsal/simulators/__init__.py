"""Stand-ins for the companies that carry messages: each a process of its own with a log that survives it."""
