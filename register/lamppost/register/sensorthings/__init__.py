"""OGC SensorThings 1.1, read-only: what the city measures, for any client that speaks it."""
