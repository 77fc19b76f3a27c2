"""Tables of recorded runs: columns taken by name, quantities and units kept apart, restarts cut into segments."""
