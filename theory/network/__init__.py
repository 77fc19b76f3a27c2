"""What is known of a network before any training, and of a linear one in full."""
