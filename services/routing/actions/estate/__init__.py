"""The estate file and its match with the names of orders."""
