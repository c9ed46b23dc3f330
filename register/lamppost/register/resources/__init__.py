"""Data resources: who answers for what, where it flows, and what breaks when a part goes."""
