"""One training run: what its record says of the forces on each layer, and where they will take it."""
