"""What every service stands on; a stack without business words."""
