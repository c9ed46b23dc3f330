"""What each answer of an InfluxDB leads to: stored, dead letter, or an error for the drain."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lamppost.aggregator.store.columnlines import Block
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.linewriter import (
    MAX_SPLITS,
    Answer,
    LineWriter,
    message_of,
    retry_after_s,
)
from lamppost.aggregator.store.seam import StoreRefused, StoreUnreachable

PARTIAL = 'partial write: field type conflict: input field "value" dropped=1'
LINES = [f"m v={i} {i}" for i in range(100)]


class Database:
    """Answers by a rule and keeps the lines that it took."""

    def __init__(self, rule: Callable[[list[str]], Answer]) -> None:
        self.rule = rule
        self.stored: list[str] = []
        self.requests = 0

    def __call__(self, body: bytes) -> Answer:
        """Answer one request."""
        self.requests += 1
        lines = body.decode().split("\n")
        answer = self.rule(lines)
        if answer.status == 204:
            self.stored += lines
        return answer


def refusing(bad: set[str], status: int = 400) -> Callable[[list[str]], Answer]:
    """A rule that refuses every request with one of these lines in it."""
    return lambda lines: Answer(status, PARTIAL) if bad & set(lines) else Answer(204)


def letters(path: Path) -> list[dict[str, str]]:
    """The dead letters of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def writer_of(
    tmp_path: Path, rule: Callable[[list[str]], Answer]
) -> tuple[LineWriter, Database]:
    """A writer on a database with a rule."""
    database = Database(rule)
    dead = DeadLetters(tmp_path / "dead", clock_ms=lambda: 7)
    return LineWriter(database, dead, "city", max_lines=40), database


def test_lines_go_out_in_pieces(tmp_path: Path) -> None:
    """A batch is cut into requests of bounded size, in order."""
    writer, database = writer_of(tmp_path, lambda _: Answer(204))
    writer.write(Block.of(LINES))
    assert database.stored == LINES
    assert database.requests == 3


@pytest.mark.parametrize("status", [400, 422])
def test_refused_lines_are_dead_letters_and_the_rest_is_stored(
    tmp_path: Path, status: int
) -> None:
    """Exactly the refused lines are in the file, with the reason, and all others are stored."""
    bad = {LINES[3], LINES[4], LINES[77]}
    writer, database = writer_of(tmp_path, refusing(bad, status))
    writer.write(Block.of(LINES))
    assert sorted(database.stored) == sorted(set(LINES) - bad)
    assert letters(tmp_path / "dead") == [
        {"time_ms": 7, "reason": f"{status} {PARTIAL}", "database": "city", "line": line}
        for line in (LINES[3], LINES[4], LINES[77])
    ]
    assert writer.dead.count == 3


def test_very_many_refused_lines_cost_a_bounded_number_of_requests(tmp_path: Path) -> None:
    """Beyond the bound pieces are buried whole, and the letters say so."""
    many = [f"m v={i}" for i in range(4000)]
    writer, database = writer_of(tmp_path, refusing(set(many)))
    writer.write(Block.of(many))
    assert database.requests <= 2 * MAX_SPLITS + len(many) // 40 + 1
    assert {letter["line"] for letter in letters(tmp_path / "dead")} == set(many)
    assert any(
        "some may be stored" in letter["reason"] for letter in letters(tmp_path / "dead")
    )


def test_a_body_that_is_too_large_is_halved(tmp_path: Path) -> None:
    """A 413 leads to smaller requests until they fit, and nothing is refused for good."""

    def rule(lines: list[str]) -> Answer:
        return Answer(413, "too large") if len(lines) > 7 else Answer(204)

    writer, database = writer_of(tmp_path, rule)
    writer.write(Block.of(LINES))
    assert database.stored == LINES
    assert not (tmp_path / "dead").exists()


def test_a_single_line_that_is_too_large_is_a_dead_letter(tmp_path: Path) -> None:
    """What cannot be halved any more is kept in the file, and the rest goes on."""

    def rule(lines: list[str]) -> Answer:
        return Answer(413, "too large") if LINES[1] in lines else Answer(204)

    writer, database = writer_of(tmp_path, rule)
    writer.write(Block.of(LINES))
    assert [letter["line"] for letter in letters(tmp_path / "dead")] == [LINES[1]]
    assert len(database.stored) == len(LINES) - 1


@pytest.mark.parametrize(
    "said",
    [
        "partial write: points beyond retention policy dropped=7",
        "partial write: dropped 7 points outside retention policy of 720h: node=type conflict",
    ],
    ids=["1.6.7", "2.9.1"],
)
def test_what_the_retention_drops_is_no_dead_letter(tmp_path: Path, said: str) -> None:
    """Readings older than the database keeps are counted; it has stored the others."""
    writer, database = writer_of(tmp_path, lambda _: Answer(422, said))
    writer.write(Block.of(LINES))
    assert writer.too_old == 3 * 7
    assert database.requests == 3
    assert writer.dead.count == 0


def test_nothing_is_too_old_in_words_only(tmp_path: Path) -> None:
    """A server that drops lines for another reason and none for age has refused them."""
    said = "partial write: dropped 0 points outside retention policy of duration 0s dropped=1"
    writer, _ = writer_of(tmp_path, lambda _: Answer(422, said))
    writer.write(Block.of(LINES[:1]))
    assert (writer.too_old, writer.dead.count) == (0, 1)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_later_is_unreachable(tmp_path: Path, status: int) -> None:
    """An answer that says "later" is raised with the time the server asks for."""
    writer, _ = writer_of(tmp_path, lambda _: Answer(status, "busy", 17.0))
    with pytest.raises(StoreUnreachable, match=f"{status} busy") as caught:
        writer.write(Block.of(LINES))
    assert caught.value.retry_after_s == 17.0


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "unauthorized"),
        (403, "forbidden"),
        (404, "bucket not found"),
        (400, "org missing"),
    ],
)
def test_no_is_refused(tmp_path: Path, status: int, message: str) -> None:
    """Credentials, rights and addresses are for a person; no line is given up for them."""
    writer, _ = writer_of(tmp_path, lambda _: Answer(status, message))
    with pytest.raises(StoreRefused, match=message):
        writer.write(Block.of(LINES))
    assert writer.dead.count == 0


@pytest.mark.parametrize("status", [200, 202, 206])
def test_nothing_but_204_is_an_acknowledgement(tmp_path: Path, status: int) -> None:
    """A proxy that shows a page has stored nothing, so nothing may be taken for stored."""
    writer, _ = writer_of(tmp_path, lambda _: Answer(status, "<html>Sign in</html>"))
    with pytest.raises(StoreRefused, match=f"{status} <html>.* came, allowed: 204"):
        writer.write(Block.of(LINES))
    assert writer.dead.count == 0


def test_a_201_has_stored_a_part(tmp_path: Path) -> None:
    """Clouds once answered partial writes so; the line that was left out is a dead letter."""

    def rule(lines: list[str]) -> Answer:
        return Answer(201, "1 rejected") if LINES[7] in lines else Answer(204)

    writer, database = writer_of(tmp_path, rule)
    writer.write(Block.of(LINES))
    assert {*database.stored} == {*LINES} - {LINES[7]}
    assert [one["line"] for one in letters(tmp_path / "dead")] == [LINES[7]]


@pytest.mark.parametrize(
    "body",
    [
        b'{"code":"invalid","line":3,"message":"column value is a string, not a float"}',
        b'{"code":"invalid","message":"failed to parse line protocol: no field on line 3"}',
        b'{"error":"partial write of line protocol occurred","data":[{"line_number":3}]}',
    ],
    ids=["cloud", "cloud, unparsed", "3 core"],
)
def test_version_3_blames_lines_in_its_own_words(tmp_path: Path, body: bytes) -> None:
    """What it will never take becomes a dead letter instead of stopping all behind it."""
    bad = {LINES[3]}
    said = Answer(400, message_of(body))
    writer, database = writer_of(
        tmp_path, lambda lines: said if bad & {*lines} else Answer(204)
    )
    writer.write(Block.of(LINES))
    assert {*database.stored} == {*LINES} - bad
    assert [one["line"] for one in letters(tmp_path / "dead")] == [LINES[3]]


def test_a_dead_letter_that_cannot_be_kept_is_not_acknowledged(tmp_path: Path) -> None:
    """When the file cannot be written the batch is kept and comes again."""
    (tmp_path / "dead").mkdir()
    writer, _ = writer_of(tmp_path, refusing({LINES[0]}))
    with pytest.raises(StoreUnreachable, match="dead-letter file"):
        writer.write(Block.of(LINES))


def test_dead_letters_are_bounded(tmp_path: Path) -> None:
    """A full file is set aside once; two files of the bound are the most there is."""
    dead = DeadLetters(tmp_path / "dead", max_bytes=1000)
    for i in range(100):
        dead.add("reason", [f"line {i}"])
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert all(size < 1100 for size in sizes)
    assert letters(tmp_path / "dead")[-1]["line"] == "line 99"
    assert dead.count == 100


def test_no_dead_letters_make_no_file(tmp_path: Path) -> None:
    """Adding nothing leaves no empty file to wonder about."""
    DeadLetters(tmp_path / "dead").add("reason", [])
    assert not (tmp_path / "dead").exists()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"error":"database not found: \\"x\\""}', 'database not found: "x"'),
        (b'{"code":"invalid","message":"unable to parse"}', "unable to parse"),
        (b"404 page not found\n", "404 page not found"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", "Bad Gateway"),
        (b"[1]", "[1]"),
    ],
)
def test_the_sentence_in_an_error_body(body: bytes, text: str) -> None:
    """Every version's error body gives one line of text to show."""
    assert message_of(body, "Bad Gateway") == text


def test_an_endless_error_body_is_cut() -> None:
    """A whole error page does not end up in a log line."""
    assert len(message_of(b"x" * 100_000)) == 300


@pytest.mark.parametrize(
    ("header", "seconds"), [(None, 0.0), ("3", 3.0), ("-1", 0.0), ("Wed, 21 Oct", 0.0)]
)
def test_retry_after(header: str | None, seconds: float) -> None:
    """Retry-After counts when it is a number of seconds."""
    assert retry_after_s(header) == seconds
