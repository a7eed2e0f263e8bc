"""What the other services tell, copied."""
