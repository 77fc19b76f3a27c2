"""A whole layer: what holds its norm, how long decay alone takes, how scale-invariant weights turn."""
