"""Lamppost."""
