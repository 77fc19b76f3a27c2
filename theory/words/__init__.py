"""The words people use: a live optimizer of torch read, and what weight_decay means in each framework."""
