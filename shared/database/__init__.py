"""Engine and transaction; the only place that commits."""
