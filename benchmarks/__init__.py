"""How fast the engine is, against what people would write otherwise; `python -m benchmarks` prints the tables."""
