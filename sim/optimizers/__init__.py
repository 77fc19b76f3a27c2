"""The optimizers' updates written out as in PyTorch, one file each."""
