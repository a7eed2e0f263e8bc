"""The judge: reads databases, broker, provider log and history with logins of its own; changes nothing."""
