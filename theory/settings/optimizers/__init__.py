"""The optimizers' settings in PyTorch's conventions, one file each."""
