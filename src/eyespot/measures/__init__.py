"""What a network costs, and what the data allow."""
