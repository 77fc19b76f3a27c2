"""One weight under decay and gradient noise: where it settles, how it gets there, for any optimizer."""
