"""The durable log and the checkpoints that stand on it."""
