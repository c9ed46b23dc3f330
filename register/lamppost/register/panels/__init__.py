"""The parts of the console page."""
