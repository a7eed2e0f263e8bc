"""Topics and access rules, made from the topic table."""
