"""From conditions to what an operator is told."""
