"""Grafana dashboards, alert rules and provisioning, as code."""
