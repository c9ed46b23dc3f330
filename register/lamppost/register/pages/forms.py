"""Forms as markup: filters that stand in the address, questions that stand in a dialog.

The names of fields must not be those of a form's or a document's own properties (`id`,
`title`, `action`): the browser's sanitiser drops such names.
"""

from collections.abc import Mapping

from lamppost.register.markup import Markup, tag


def select(name: str, label: str, options: Mapping[str, str], chosen: str = "") -> Markup:
    """Return a labelled choice; `options` are words by value."""
    listed = [
        tag("option", words, value=value, selected="" if value == chosen else None)
        for value, words in options.items()
    ]
    return tag("label.field", tag("span", label), tag("select", *listed, name_=name))


def line(
    name: str,
    label: str,
    *,
    is_needed: bool,
    hint: str | None = None,
    value: str | None = None,
    kind: str = "text",
) -> Markup:
    """Return a labelled field of one line; `kind` as HTML has it, such as "date"."""
    field = tag(
        "input",
        type=kind,
        name_=name,
        value=value,
        maxlength=100,
        required="" if is_needed else None,
        placeholder=hint,
        autocomplete="off",
    )
    return tag("label.field", tag("span", label), field)


def lines(name: str, label: str, *, is_needed: bool = True, value: str = "") -> Markup:
    """Return a labelled field of some lines."""
    needed = "" if is_needed else None
    field = tag("textarea", value, name_=name, rows=3, maxlength=2000, required=needed)
    return tag("label.field", tag("span", label), field)


def question(deed: str, title: str, button: str, *fields: Markup) -> Markup:
    """Return the dialog that asks what a deed needs; the button of that deed opens it."""
    cancel = tag("button.act", "Cancel", type="button", data_closes="")
    return tag(
        "dialog.question",
        tag("h2", title, id=f"ask-{deed}-title"),
        tag("p.about"),
        tag(
            "form",
            *fields,
            tag("div.acts", tag("button.act.main", button, type="submit"), cancel),
        ),
        id=f"ask-{deed}",
        aria_labelledby=f"ask-{deed}-title",
    )


def button(deed: str, words: str, record: str, version: int | None, about: str) -> Markup:
    """Return the button of a deed.

    Args:
        deed: What it asks for.
        words: On it.
        record: What it is done to.
        version: Of the record, as it is shown; None where there is no record yet.
        about: Says to a screen reader, and in the dialog, what it is done to.
    """
    return tag(
        "button.act",
        words,
        type="button",
        aria_label=f"{words.rstrip('…')}: {about}",
        data_deed=deed,
        data_record=record,
        data_version=version,
        data_about=about,
    )
