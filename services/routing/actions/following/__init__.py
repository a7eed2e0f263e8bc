"""What routing does about other services' news."""
