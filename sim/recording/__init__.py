"""Recording a run of one's own: block means of each layer, written while it trains, and read while it is written."""
