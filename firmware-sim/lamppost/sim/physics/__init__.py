"""What really happens in the simulated assets, before any sensor looks."""
