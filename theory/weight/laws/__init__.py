"""What one optimizer knows of the equilibrium: a file each, of the same stem as its settings."""
