"""The main job in one command: a small city, its faults, and the books at the end."""
