"""What the register tells the time-series database, for dashboards."""
