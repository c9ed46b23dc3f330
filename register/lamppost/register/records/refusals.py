"""What the register refuses to do."""


class RefusedError(ValueError):
    """A change that cannot be made; the text says what came and what is allowed."""
