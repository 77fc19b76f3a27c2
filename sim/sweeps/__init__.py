"""Grids of simulations: run on all cores or on a cluster, kept in a store, nothing computed twice."""
