"""Messages: announced, sent, and their fates found out."""
