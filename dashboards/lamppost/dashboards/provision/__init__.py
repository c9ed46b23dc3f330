"""Grafana's file provisioning: the tree, and what an earlier tree had."""
