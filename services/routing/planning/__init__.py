"""Numbers in, plan out: rounds of crews over stair entrances, without SQL and without events."""
