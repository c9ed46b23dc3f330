"""What people read of a running aggregator."""
