"""The system on one machine: database, broker, services, one command."""
