"""A nonlinear network without a fitted number."""
