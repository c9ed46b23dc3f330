"""What can be configured, each part with its rules."""
