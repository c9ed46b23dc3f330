"""How assets are, how much they carry, when that runs out, and what to do next."""
