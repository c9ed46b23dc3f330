"""`lamppost bench nab` on a tiny corpus in NAB's layout: what it writes, prints and refuses."""

import csv
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.bench import cli, nab
from lamppost.bench.nab_data import load

SEEDED = 6
READINGS = 1_500
STEP = 1_200  # the reading at which a series leaves its cycle for good
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
STAMPS = [f"{BEGAN + timedelta(minutes=5 * n):%Y-%m-%d %H:%M:%S}" for n in range(READINGS)]
NAMES = ("some/one.csv", "some/three.csv", "some/two.csv")


def made(folder: Path, series: str = "") -> Path:
    """Three days of a daily cycle, thrice; two step within their window, one never does."""
    (folder / "labels").mkdir(parents=True)
    rng = np.random.default_rng(SEEDED)
    for name in NAMES:
        value = 20 + 3 * np.sin(2 * math.pi * np.arange(READINGS) / 288)
        value += 0.3 * rng.standard_normal(READINGS)
        if "three" not in name:
            value[STEP:] += 12
        path = folder / series / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("timestamp", "value"))
            rows.writerows(zip(STAMPS, value.tolist(), strict=True))
    windows = {name: [[STAMPS[STEP - 50], STAMPS[STEP + 49]]] for name in NAMES}
    labels = {name: [STAMPS[STEP]] for name in NAMES}
    (folder / "labels/combined_windows.json").write_text(json.dumps(windows))
    (folder / "labels/combined_labels.json").write_text(json.dumps(labels))
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus, its series beside its labels."""
    return made(tmp_path_factory.mktemp("nab"))


@pytest.fixture(scope="module")
def written(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run over it leaves behind."""
    out = tmp_path_factory.mktemp("out") / "new"
    assert cli.main(["nab", "--data", str(corpus), "--out", str(out), "--json"]) == 0
    return out


@pytest.fixture(scope="module")
def result(written: Path) -> dict[str, Any]:
    """The JSON beside the series."""
    found: dict[str, Any] = json.loads((written / "nab.json").read_text())
    return found


def rows_of(path: Path) -> list[list[str]]:
    """A CSV file as it is."""
    with path.open(newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("name", NAMES)
def test_every_series_is_written_with_its_scores(
    corpus: Path, written: Path, name: str
) -> None:
    """The stamps and values as they came, row by row, and a score from 0 to 1."""
    given, found = rows_of(corpus / name), rows_of(written / name)
    assert found[0] == ["timestamp", "value", "anomaly_score"]
    assert [row[0] for row in found] == [row[0] for row in given]
    assert [float(row[1]) for row in found[1:]] == [float(row[1]) for row in given[1:]]
    assert all(0 <= float(row[2]) <= 1 for row in found[1:])


def test_a_step_is_scored_where_it_is(written: Path) -> None:
    """Only a few rows have a score, and one is soon after the step."""
    score = np.array([float(row[2]) for row in rows_of(written / "some/one.csv")[1:]])
    assert score[STEP : STEP + 50].max() > 0
    assert np.count_nonzero(score) < 20


def test_the_json_has_all_that_is_to_be_told_together(result: dict[str, Any]) -> None:
    """Profiles never without strict hits, false alarms a week and the hold-out."""
    assert (result["series"], result["readings"]) == (3, 3 * READINGS)
    profiles = {"standard", "reward_low_FP_rate", "reward_low_FN_rate"}
    assert set(result["profiles"]) == set(result["thresholds"]) == profiles
    assert set(result["goal"]) == profiles
    for name in ("hold_out", "hold_out_threshold_alone"):
        assert profiles | {f"{one}_sd" for one in profiles} < set(result[name])
    assert result["met"] == all(
        result["profiles"][name] >= result["goal"][name] for name in profiles
    )


def test_the_figures_are_those_of_the_two_steps(result: dict[str, Any]) -> None:
    """Two of three windows are hit strictly; to miss the third costs most where a miss does."""
    for threshold in ("at_standard_threshold", "at_quiet_threshold", "at_every_alarm"):
        found = result[threshold]
        assert (found["windows"], found["hits"], found["strict_hits"]) == (3, 2, 2)
        assert found["sensor_weeks"] == pytest.approx(3 * 0.85 * READINGS * 5 / 10_080, abs=0.1)
    assert result["at_standard_threshold"]["false_alarms"] == 0
    assert result["at_quiet_threshold"]["false_alarms_per_sensor_week"] <= 0.45
    assert 45 < result["profiles"]["standard"] < 67
    assert result["profiles"]["reward_low_FN_rate"] > result["profiles"]["standard"]


def test_a_checkout_of_nab_is_read_as_well(corpus: Path, tmp_path: Path) -> None:
    """There the series stand in a folder of their own."""
    for one, other in zip(load(corpus), load(made(tmp_path, "data")), strict=True):
        assert one.name == other.name
        assert one.value.tobytes() == other.value.tobytes()
        assert one.windows == other.windows == ((STEP - 50, STEP + 49),)
        assert one.labels == other.labels == (STEP,)


@pytest.mark.parametrize("missing", ["combined_windows.json", "combined_labels.json"])
def test_a_folder_that_is_no_corpus_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    """Wrong use, before anything is judged: the folder and the file it lacks are named."""
    (made(tmp_path / "nab") / "labels" / missing).unlink()
    with pytest.raises(SystemExit) as stopped:
        cli.main(["nab", "--data", str(tmp_path / "nab")])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert f"--data: came {tmp_path / 'nab'}" in said
    assert missing in said


def broken(folder: Path, how: str) -> str:
    """Break the corpus in one way; returns a word that the message must hold."""
    windows, series = folder / "labels/combined_windows.json", folder / NAMES[0]
    if how == "no series":
        series.unlink()
    elif how == "no JSON":
        windows.write_text("{")
    elif how == "a list":
        windows.write_text("[]")
    elif how == "no stamps":
        windows.write_text(json.dumps({name: [["today", "tomorrow"]] for name in NAMES}))
    elif how == "labels differ":
        (folder / "labels/combined_labels.json").write_text(json.dumps({NAMES[0]: []}))
    elif how == "no numbers":
        series.write_text(series.read_text() + "2026-01-09 00:00:00,many\n")
    else:
        series.write_text("timestamp,value\n")
    return "combined" if series.exists() and how not in {"no numbers", "no rows"} else "one.csv"


@pytest.mark.parametrize(
    ("bench", "how"),
    [
        (bench, how)
        for bench in ("nab", "faults")
        for how in ("no series", "no JSON", "a list", "no stamps", "no numbers", "no rows")
    ]
    + [("nab", "labels differ")],
)
def test_a_corpus_with_something_wrong_in_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str, bench: str
) -> None:
    """One line that names the file, what came and what is allowed; exit code 2."""
    wanted = broken(made(tmp_path / "nab"), how)
    assert cli.main([bench, "--data", str(tmp_path / "nab")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"lamppost bench {bench}: error: ")
    assert wanted in said
    assert "came" in said
    assert "allowed" in said


def test_faults_refuse_a_folder_that_is_no_corpus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder and what it lacks are named, with exit code 2."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(["faults", "--data", str(tmp_path)])
    assert stopped.value.code == 2
    assert "combined_windows.json" in capsys.readouterr().err


def test_one_file_has_no_hold_out(tmp_path: Path) -> None:
    """Its scores are told, and why there are no halves."""
    folder = made(tmp_path / "nab")
    for name in ("combined_windows.json", "combined_labels.json"):
        path = folder / "labels" / name
        path.write_text(json.dumps({NAMES[0]: json.loads(path.read_text())[NAMES[0]]}))
    out = tmp_path / "out"
    assert cli.main(["nab", "--data", str(folder), "--out", str(out), "--json"]) == 0
    result = json.loads((out / "nab.json").read_text())
    assert result["series"] == 1
    assert result["hold_out"]["splits"] == 0
    assert "halves" in result["hold_out"]["why"]


def test_a_fault_is_scored_once_where_it_begins() -> None:
    """Alarms on every row that has one, sensor faults on their first that is sure."""
    flags = [0, c.STUCK | c.SUSPECT, c.STUCK, c.STUCK, 0, c.RANGE, c.ALARM, c.ANOMALY, c.STUCK]
    severity = np.arange(1.0, 10.0)
    found = nab.told(np.array(flags, np.uint32), severity)
    assert found.tolist() == [0, 0, 3, 0, 0, 6, 7, 0, 9]
