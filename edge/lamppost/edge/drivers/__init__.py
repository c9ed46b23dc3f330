"""Drivers: how the agent speaks to devices."""
