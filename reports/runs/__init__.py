"""What is computed from a finished run, used by sections and commands."""
