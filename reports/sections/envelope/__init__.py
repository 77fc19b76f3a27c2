"""Where the whole network settles: its norm from costs alone, over widths, and the decay at which learning ends."""
