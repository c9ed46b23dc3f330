"""From a driver to readings that are worth sending."""
