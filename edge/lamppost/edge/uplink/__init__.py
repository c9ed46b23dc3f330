"""From the buffer to the broker, and back again what was acknowledged."""
