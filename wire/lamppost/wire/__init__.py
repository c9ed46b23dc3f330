"""What travels between edge and aggregator: Sparkplug B 3.0 and the delivery header."""
