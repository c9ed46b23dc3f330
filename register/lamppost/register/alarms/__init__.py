"""What an operator has been told, what they did about it, and how well that goes."""
