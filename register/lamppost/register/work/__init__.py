"""Work orders: what is done about an alarm, why first, and whether it helped."""
