"""The command `tailoff`."""
