"""sim measures: networks and random walks that are run, and the fits and errors of what they give."""
