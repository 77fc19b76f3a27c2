"""The question's experiment on MNIST."""
