"""Days of channels: what conditions, quality and indicators are made of."""
