"""Where judged readings and events are kept: a seam, and the houses behind it."""
