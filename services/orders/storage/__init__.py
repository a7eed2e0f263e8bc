"""What orders keeps in PostgreSQL: functions over a transaction, one subject a file."""
