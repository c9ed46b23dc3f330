"""A list of fragments on the page that changes in place."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from nicegui import ui

from lamppost.register.markup import Markup

NOTHING = Markup("")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list.

    Attributes:
        key: What stays the same while the line's content changes.
        markup: The content.
        classes: CSS classes of the line.
        opens: True when a click on the line opens something.
        acts: The buttons of the line, for who may press them.
    """

    key: str
    markup: Markup
    classes: str = ""
    opens: bool = False
    acts: Markup = NOTHING

    @property
    def whole(self) -> Markup:
        """The content with the buttons."""
        return Markup.join_all([self.markup, self.acts])


class Block:
    """One fragment; the browser hears of it only when it changed."""

    def __init__(self, classes: str = "") -> None:
        self._html = ui.html("").classes(classes)
        self._classes = classes

    def show(self, markup: str, classes: str = "") -> None:
        """Show a fragment."""
        if self._html.content != markup:
            self._html.set_content(markup)
        wanted = f"{self._classes} {classes}".strip()
        if classes and set(wanted.split()) != set(self._html.classes):
            self._html.classes(replace=wanted)


class Rows:
    """Fragments by key: changed lines are sent, unchanged ones left alone.

    Args:
        classes: CSS classes of the list.
        on_open: Called with the key of a line that is clicked or entered.
    """

    def __init__(
        self, classes: str, on_open: Callable[[str], Awaitable[None]] | None = None
    ) -> None:
        self._box = ui.element("div").classes(classes)
        self._on_open = on_open
        self._shown: dict[str, tuple[ui.html, Row]] = {}
        self._order: list[str] = []

    def show(self, rows: Sequence[Row]) -> None:
        """Show these lines in this order."""
        wanted = [row.key for row in rows]
        for key in set(self._shown) - set(wanted):
            self._shown.pop(key)[0].delete()
        for row in rows:
            self._put(row)
        kept = [key for key in self._order if key in self._shown]
        self._order = kept + [key for key in wanted if key not in set(kept)]
        if self._order != wanted:
            self._arrange(wanted)

    def _put(self, row: Row) -> None:
        shown = self._shown.get(row.key)
        if shown is None:
            self._shown[row.key] = (self._create(row), row)
            return
        element, before = shown
        if before == row:
            return
        if before.whole != row.whole:
            element.set_content(row.whole)
        if before.classes != row.classes:
            element.classes(replace=self._classes_of(row))
        self._shown[row.key] = (element, row)

    def _create(self, row: Row) -> ui.html:
        with self._box:
            element = ui.html(row.whole).classes(self._classes_of(row))
        if row.opens and self._on_open is not None:
            open_row = self._on_open
            element.props('tabindex=0 role="button"')
            element.on("click", lambda _, key=row.key: open_row(key), [])
            element.on("keydown.enter", lambda _, key=row.key: open_row(key), [])
        return element

    def _classes_of(self, row: Row) -> str:
        opens = row.opens and self._on_open is not None
        return f"entry {row.classes}{' opens' if opens else ''}"

    def _arrange(self, wanted: list[str]) -> None:
        for index, key in enumerate(wanted):
            if self._order[index] != key:
                self._shown[key][0].move(target_index=index)
                self._order.remove(key)
                self._order.insert(index, key)
