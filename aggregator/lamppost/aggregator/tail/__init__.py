"""`lamppost tail`: live traffic in words."""
