"""The one real Kafka everywhere: its jars, its settings, its start."""
