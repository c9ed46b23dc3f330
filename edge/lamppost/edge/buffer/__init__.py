"""What was read and is not yet known to be durable at the aggregator."""
