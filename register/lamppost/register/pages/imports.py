"""The page `/import`: send a file of assets, look at what it would do, enter it."""

from collections.abc import Mapping
from pathlib import Path

from fastapi import Request
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.access import callers
from lamppost.register.markup import Markup, tag
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.forms import button, question
from lamppost.register.pages.places import given
from lamppost.register.pages.sheets import facts, note, part, table
from lamppost.register.pages.showing import Drawn, show
from lamppost.register.records import imports_api, uploads
from lamppost.register.records.deciding import UnknownError
from lamppost.register.records.importing import Report
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.writing import Writer

PATH = "/import"
MB = 1024 * 1024
PROBLEMS_SHOWN = 200
HASH_CHARS = 12
HEADS = ("Line", "Field", "What is wrong")

SEND = f"""
document.getElementById('send-file')?.addEventListener('submit', async (event) => {{
  event.preventDefault();
  const form = event.target, file = form.querySelector('[type=file]').files[0];
  const said = document.querySelector('.said');
  const say = (words) => {{
    said.innerHTML = '<p class="refused"></p>';
    said.firstChild.textContent = words;
  }};
  const max = Number(form.dataset.max);
  if (file.size > max) return say(`Not sent: ${{file.name}} has ${{file.size}} bytes, ` +
    `allowed: at most ${{max}}.`);
  const kind = /[.](geo)?json$/i.test(file.name) ? 'geojson' : 'csv';
  const send = form.querySelector('button');
  send.disabled = true;
  said.textContent = 'Sending, then checking each line…';
  try {{
    const token = form.querySelector('[type=hidden]')?.value ?? '';
    const answer = await fetch(`{imports_api.PATH}?kind=${{kind}}`, {{
      method: 'POST', body: file,
      headers: {{'Content-Type': 'application/octet-stream', 'X-CSRF-Token': token}},
    }});
    const told = await answer.json();
    if (!answer.ok) return say(`Not sent: ${{told.detail}}.`);
    location.assign('{PATH}?file=' + encodeURIComponent(told.file));
  }} catch (error) {{
    say(`Not sent: ${{error.message}}.`);
  }} finally {{
    send.disabled = false;
  }}
}});
document.querySelector('#send-file button')?.removeAttribute('disabled');
"""
"""The form sends the file by itself: a file in a plain form would carry no token that is
read before the file is. Until this has run, its button does nothing."""


def draw(register: Register, query: Mapping[str, str], field: Markup) -> Drawn:
    """Read and draw what an address asks for.

    Args:
        register: Where the records and the files are.
        query: Of the address.
        field: The hidden field of a form that sends.

    Raises:
        RefusedError: what it asks for is no name of a file.
    """
    (name,) = given(query, ("file",), {})
    parts = [_form(field)]
    if name:
        parts.append(_looked_at(register, name))
    body = [tag("div.parts", *parts), _question()]
    return Drawn("Import assets", Markup.join_all(body), SEND)


def _looked_at(register: Register, name: str) -> Markup:
    try:
        return _previewed(name, uploads.preview(register, name))
    except UnknownError as error:
        return part("It is not here any more", note(f"{error}."))


def _form(field: Markup) -> Markup:
    bound = f"CSV or GeoJSON, UTF-8, at most {uploads.UPLOAD_BYTES_MAX // MB} MiB."
    chosen = tag("input", type="file", required="", accept=".csv,.geojson,.json", name_="sent")
    return part(
        "A file of assets",
        note(f"{bound} Nothing is entered before you have seen what it would do."),
        tag(
            "form.filters.entry",
            field,
            tag("label.field", tag("span", "File"), chosen),
            tag("button.act", "Send and check", type="submit", disabled=""),
            id="send-file",
            data_max=uploads.UPLOAD_BYTES_MAX,
        ),
    )


def _previewed(name: str, report: Report) -> Markup:
    told = facts(
        {
            "File": f"SHA-256 {name[:HASH_CHARS]}…, {name.rpartition('.')[2]}",
            "Assets": words.integer(report.rows),
            "New": words.integer(report.created),
            "Changed": words.integer(report.updated),
            "As before": words.integer(report.unchanged),
        }
    )
    if report.problems_total:
        return part("It cannot be entered", told, *_problems(report))
    if not report.created + report.updated:
        return part("It changes nothing", told, note("The register is as the file says."))
    about = (
        f"{words.count(report.created, 'new asset')} and "
        f"{words.count(report.updated, 'changed asset')}: all of it, or nothing."
    )
    seen = f"{name} {report.created} {report.updated}"
    enter = tag("p.entry.acts", button("enter", "Enter it…", seen, None, about))
    return part("It can be entered", told, enter)


def _problems(report: Report) -> list[Markup]:
    shown = report.problems[:PROBLEMS_SHOWN]
    total = words.count(report.problems_total, "problem")
    told = note(f"{total}; nothing is entered while there is any.")
    rows = ([words.integer(one.line), one.field, one.told] for one in shown)
    listed = table("Problems, by line", HEADS, rows)
    rest = report.problems_total - len(shown)
    more = [note(f"And {words.integer(rest)} more.")] if rest else []
    return [told, listed, *more]


def _question() -> Markup:
    return question("enter", "Enter these assets", "Enter")


def done(writer: Writer, data_dir: Path, wanted: Asked) -> str:
    """Enter the file that was looked at; returns the sentence for success.

    Raises:
        RefusedError: it is another deed, or what the page sends is none.
        ConflictError: it would do something else by now.
    """
    if wanted.deed != "enter":
        came = wanted.deed[:40]
        raise RefusedError(f"deed: came {came!r}, allowed: the buttons of this page")
    name, *counts = wanted.record.split(" ")
    if len(counts) != 2 or not all(one.isascii() and one.isdigit() for one in counts):
        raise RefusedError("record: came no preview, allowed: the button under one")
    report = uploads.enter(writer, data_dir, name, (int(counts[0]), int(counts[1])))
    return (
        f"Entered: {words.count(report.created, 'new asset')}, "
        f"{words.count(report.updated, 'changed asset')}."
    )


async def build_import(register: Register | None, request: Request) -> Response | None:
    """Build the page for a browser tab."""
    query, field = dict(request.query_params), callers.csrf_field(request)

    def drawn(held: Register) -> Drawn:
        return draw(held, query, field)

    def entered(writer: Writer, _who: str, wanted: Asked) -> str:
        folder = Path() if register is None else register.data_dir
        return done(writer, folder, wanted)

    return await show(register, request, (PATH, "Import assets"), drawn, entered)
