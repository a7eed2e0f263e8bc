"""The web application every service starts from."""
