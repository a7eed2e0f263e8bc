"""The three services; they meet only on Kafka."""
