"""From the broker into the process."""
