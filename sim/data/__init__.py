"""Examples to train on: the packaged MNIST and files by path."""
