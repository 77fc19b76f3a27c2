"""The packaged MNIST database; see README.md beside this file for its origin and licence."""
