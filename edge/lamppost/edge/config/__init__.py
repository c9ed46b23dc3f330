"""What a node is told to do: read, checked as a whole, frozen."""
