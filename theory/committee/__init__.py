"""A nonlinear network without a fitted number: soft committee machines that learn online."""
