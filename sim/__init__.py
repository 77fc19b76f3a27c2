"""sim measures: networks and random walks that are run. Nothing here has seen a prediction."""
