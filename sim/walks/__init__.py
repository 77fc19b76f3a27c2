"""Independent weights, scale-invariant vectors and least squares, taken step by step."""
