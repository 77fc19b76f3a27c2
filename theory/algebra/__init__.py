"""Linear recursions and their second moments, and derivations that prove themselves again."""
