"""Which batches are safe, and the books."""
