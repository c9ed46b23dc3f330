"""What a benchmark was given and cannot use."""


class WrongDataError(ValueError):
    """Data of another layout or with nonsense in it; the command ends with exit code 2."""
