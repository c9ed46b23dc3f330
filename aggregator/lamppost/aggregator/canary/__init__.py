"""A made-up anomaly every few minutes, timed on its way to an operator's notification."""
