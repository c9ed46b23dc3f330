"""City indicators with the evidence behind each value."""
