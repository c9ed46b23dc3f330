"""What dashboards read instead of readings: windows of a series, and the city in few rows."""
