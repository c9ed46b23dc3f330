"""Marks the scripts that NiceGUI puts into a page, so that the browser runs these and no other.

The mark goes into the template's text when it is read, before anything of a page is filled in:
a script that somebody smuggles into a name gets none.
"""

import re
from collections.abc import Callable

from jinja2 import BaseLoader, Environment
from nicegui.client import templates

SCRIPT = re.compile(r"<script\b")
MARKED = '<script nonce="{{ request.state.nonce }}"'


class Marking(BaseLoader):
    """Reads templates by another loader, and marks their scripts.

    Args:
        plain: The other loader.
    """

    def __init__(self, plain: BaseLoader) -> None:
        self._plain = plain

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        """Return the text of a template."""
        source, name, is_current = self._plain.get_source(environment, template)
        return SCRIPT.sub(MARKED, source), name, is_current


def install() -> None:
    """Mark the scripts of all pages of this process."""
    loader = templates.env.loader
    if loader is not None and not isinstance(loader, Marking):
        templates.env.loader = Marking(loader)
