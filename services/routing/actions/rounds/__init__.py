"""What happens on a round."""
