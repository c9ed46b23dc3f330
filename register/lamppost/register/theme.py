"""The look of the console: style sheets, read once."""

from importlib.resources import files

CSS = files("lamppost.register").joinpath("console.css").read_text(encoding="utf-8")
PAGES_CSS = files("lamppost.register.pages").joinpath("pages.css").read_text(encoding="utf-8")
"""More of it, for the pages on which people act."""

FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<rect width="16" height="16" rx="3" fill="#1f4e79"/>'
    '<path d="M6 13.5H10M8 13.5V6M5.5 6H10.5L9.5 3H6.5Z" fill="none" stroke="#ffd479"'
    ' stroke-width="1.4" stroke-linejoin="round" stroke-linecap="round"/></svg>'
)


def style(sheet: str) -> str:
    """Return a style sheet as an element; NiceGUI would add it by a script, see `nonces`."""
    return f"<style>{sheet}</style>"
