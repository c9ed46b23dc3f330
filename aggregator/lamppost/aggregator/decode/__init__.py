"""From payload bytes to columns of readings."""
