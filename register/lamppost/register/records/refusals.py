"""What the register refuses to do."""


class RefusedError(ValueError):
    """A change that cannot be made; the text says what came and what is allowed."""


class OutsideError(RefusedError):
    """A change that reaches outside the districts of who makes it."""
