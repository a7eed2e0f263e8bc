"""What programs ask the desk."""
