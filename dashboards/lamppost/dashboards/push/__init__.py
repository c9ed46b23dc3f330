"""Pushing to a running Grafana: what should be, what is, what follows, and doing it."""
