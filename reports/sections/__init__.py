"""The report's sections, a folder each: what to simulate, what to compare, the figures and the words."""
