"""Grids of simulations: run on all cores or on a cluster, kept in a store, nothing computed twice.

The way of a sweep, and where to read on:

1. `grid` (from Python) or `grid_file` (from TOML) say which points there are; `plan` gives each a seed and a key, which
   follow from its `description` and from the `version` of the simulation; `checks` finds what cannot be run.
2. `sweep` asks the store what is done, and `dispatch` hands the rest in batches to a crew: `local` processes, each a
   `worker`, or a Dask `cluster`. What a worker does with a `batch` is run it and `pack` its results.
3. The `store` writes them into its `database`; a `lock` keeps other writers out.
4. `opened` makes one Dataset of it all: `merge` finds what the results have in common, `lazy` reads what is asked for,
   and `export` writes it for other programs.
"""
