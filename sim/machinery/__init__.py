"""Compilation, threads, provenance and files: what has nothing to do with physics."""
