"""The agent on the node: drivers, sampling, buffer, uplink."""
