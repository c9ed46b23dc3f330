"""Where the records are when nobody says."""

VARIABLE = "LAMPPOST_REGISTER_URL"
"""Of the environment: the address of the database."""
