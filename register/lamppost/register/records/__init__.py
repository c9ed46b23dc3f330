"""What the city has: its records, how they change, and how they are asked for."""
