"""Who is who: nodes, their births, their series."""
