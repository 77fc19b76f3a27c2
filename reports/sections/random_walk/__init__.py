"""One weight: simulated walks against the closed form."""
