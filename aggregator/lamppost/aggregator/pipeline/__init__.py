"""The one thread that does the work, in order."""
