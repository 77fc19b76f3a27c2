"""What holds each layer, and where it is going."""
