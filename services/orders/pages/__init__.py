"""What people at the desk see and press."""
