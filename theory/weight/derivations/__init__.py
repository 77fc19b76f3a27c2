"""The chains of equations that the laws evaluate."""
