"""What is estimated from a record: fits, burn-in, drift, errors."""
