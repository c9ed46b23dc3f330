"""The main job, by the command that shows it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lamppost.sim.ports import free_port
from parts.required import require_program

DEMO = [sys.executable, "-m", "lamppost.wire.command", "demo"]


def run_demo(*args: str) -> subprocess.CompletedProcess[str]:
    """Run `lamppost demo ARGS` to its end."""
    return subprocess.run(
        [*DEMO, *args], check=False, capture_output=True, text=True, timeout=500
    )


@pytest.mark.timeout(520)
def test_demo_accounts_for_every_reading_and_tells_the_faults_apart(tmp_path: Path) -> None:
    """A minute of the demo ends with balanced books, a leak and a stuck sensor, as such."""
    require_program("mosquitto", "mosquitto")
    file = tmp_path / "out.json"
    done = run_demo("--for", "60", "--json", str(file), "--port", str(free_port()))
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(file.read_text())
    assert result["readings"]["lost"] == 0
    assert result["readings"]["in_flight"] == 0
    assert result["readings"]["taken"] == result["readings"]["stored"] > 1000
    verdicts = {fault["kind"]: fault["verdict"] for fault in result["faults"]}
    assert verdicts == {"leak": "process_anomaly", "stuck": "sensor_fault"}
    assert all(fault["detected_at"] > fault["injected_at"] for fault in result["faults"])
    assert result["false_alarms"] == 0
    assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["p99"]
    assert set(result["rss_mb"]) == {
        "aggregator",
        "city",
        "air-1",
        "lights-1",
        "pump-station-1",
    }
    assert "PROCESS ANOMALY" in done.stdout
    assert "SENSOR FAULT (stuck)" in done.stdout


@pytest.mark.timeout(520)
@pytest.mark.slow
def test_demo_runs_on_the_pip_only_broker(tmp_path: Path) -> None:
    """Without mosquitto the demo does the same on amqtt, and says so."""
    file = tmp_path / "out.json"
    port = str(free_port())
    done = run_demo("--for", "60", "--json", str(file), "--port", port, "--broker", "amqtt")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pip-only broker" in done.stdout
    assert json.loads(file.read_text())["broker"] == "amqtt"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--for", "5"], "allowed: 45 to 86400 s"),
        (["--json", "/no/such/folder/out.json"], "there is no folder"),
    ],
    ids=["too short", "no folder"],
)
def test_demo_refuses_what_cannot_work(args: list[str], message: str) -> None:
    """Wrong use ends with code 2 and tells what came and what is allowed."""
    done = run_demo(*args)
    assert done.returncode == 2
    assert message in done.stderr
