"""Committee machines that learn online."""
