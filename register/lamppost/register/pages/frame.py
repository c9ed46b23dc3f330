"""The frame of a page on which people act: who acts, what came of it, what was clicked."""

import json
from collections.abc import Awaitable, Callable

from fastapi import Request
from nicegui import ui
from nicegui.events import GenericEventArguments

from lamppost.register.markup import Markup, icon, tag
from lamppost.register.pages.deeds import Asked, Outcome, asked
from lamppost.register.pages.top import signed, ways
from lamppost.register.theme import CSS, PAGES_CSS, style

BY = """(document.getElementById('acts-by')?.value
    || sessionStorage.getItem('lamppost-by') || '')"""
"""The field is empty for a moment after the page is loaded."""

CLICKED = f"""(event) => {{
  const closing = event.target.closest('[data-closes]');
  if (closing) return closing.closest('dialog').close();
  const button = event.target.closest('button[data-deed]');
  if (!button) return;
  const dialog = document.getElementById('ask-' + button.dataset.deed);
  if (!dialog) return emit({{...button.dataset, by: {BY}}});
  Object.assign(dialog.querySelector('form').dataset, button.dataset);
  dialog.querySelector('.about').textContent = button.dataset.about;
  dialog.showModal();
}}"""
"""A deed that needs an answer first has a dialog; any other is asked for at once."""

SUBMITTED = f"""(event) => {{
  const form = event.target, dialog = form.closest('dialog');
  if (!dialog) return;
  event.preventDefault();
  emit({{...Object.fromEntries(new FormData(form)), ...form.dataset, by: {BY}}});
  dialog.close();
}}"""
"""A form that is no question is a filter; the browser goes where it leads."""

NAME_KEPT = """
const field = document.getElementById('acts-by');
const keep = () => sessionStorage.setItem('lamppost-by', field.value);
if (field?.value) keep();
if (field) {
  field.value ||= sessionStorage.getItem('lamppost-by') ?? '';
  field.addEventListener('input', keep);
}
"""
"""The tab remembers the name; nobody else needs to."""

RETURN = """requestAnimationFrame(() => {
  if (document.activeElement !== document.body) return;
  document.querySelector('[data-record="' + CSS.escape(%s) + '"]')?.focus();
})"""


class Frame:
    """Builds the page around its content.

    Args:
        request: The page's; sign-in has noted in it who looks at it.
        here: Path of the page.
        title: What it shows.
    """

    def __init__(self, request: Request, here: str, title: str) -> None:
        ui.add_head_html(style(CSS + PAGES_CSS))
        ui.page_title(f"{title} - Lamppost")
        self.main = ui.element("div").classes("console acting")
        with self.main:
            ui.html(_top(request, here, title))
            self._said = ui.html("").classes("said").props('role="status"')
        ui.run_javascript(NAME_KEPT)

    def say(self, outcome: Outcome) -> None:
        """Show what came of a deed."""
        sign = icon("ok" if outcome.tone == "done" else "warning")
        self._said.set_content(tag(f"p.{outcome.tone}", sign, " ", outcome.text))

    def return_to(self, record: str) -> None:
        """Put the focus back on a record's buttons where the pressed one has gone."""
        ui.run_javascript(RETURN % json.dumps(record))

    def listen(self, handler: Callable[[Asked], Awaitable[None]]) -> ui.element:
        """Return the box whose buttons and dialogs call `handler`."""

        async def told(event: GenericEventArguments) -> None:
            await handler(asked(event.args))

        with self.main:
            box = ui.element("div").classes("listening")
        return box.on("click", told, js_handler=CLICKED).on(
            "submit", told, js_handler=SUBMITTED
        )


def _top(request: Request, here: str, title: str) -> Markup:
    by = signed(request) or tag(
        "label.field.by",
        tag("span", "Your name"),
        tag("input", id="acts-by", maxlength=100, autocomplete="name"),
    )
    brand = tag("div.brand", icon("lamp"), tag("b", "Lamppost"), " console")
    return Markup.join_all(
        [tag("header.top", brand, ways(request, here), by), tag("h1.title", title)]
    )
