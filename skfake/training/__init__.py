"""The fast path from pixels to a trained network."""
