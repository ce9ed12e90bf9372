import json
import os
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOG = "results/logs/predict/a b.log"
HEAD = f"""
import os, sys
from types import SimpleNamespace
from antpipe.errors import LabelError
from antpipe.job import job
from antpipe.progress import show_progress
snakemake = SimpleNamespace(
    log=[{LOG!r}], wildcards={{"video": "a b"}}, input=["in"], output=["out"], params={{"seed": 7}}, threads=1
)
"""


def run_job(folder, body, network=None):
    """Run a script of a rule; return its exit code, its log, and what reached the terminal."""
    program = HEAD + f"with job(snakemake, network={network!r}):\n{textwrap.indent(body, '    ')}\n"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env={**os.environ, "PATH": ""}, capture_output=True, text=True
    )
    log = folder / LOG
    return done.returncode, log.read_text() if log.is_file() else None, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").write_text("in")
    return tmp_path


DONE = "open('out', 'w').write('out')"


@pytest.mark.parametrize(
    ("body", "code", "last", "traceback"),
    [
        (DONE, 0, None, False),
        ("raise LabelError('no labels; label some frames')", 1, "error: no labels; label some frames", False),
        ("raise KeyboardInterrupt", 130, "stopped; run the same command again to go on", False),
        ("{}['missing']", 1, "error: KeyError: 'missing'", True),
    ],
)
def test_the_last_line_of_a_log_is_the_cause(folder, body, code, last, traceback):
    command = f"{shlex.quote(sys.executable)} -c 'print(1234)'"
    body = f"print('to stdout'); os.system({command!r}); {body}"
    returned, log, shown = run_job(folder, body)
    assert (returned, shown) == (code, "")
    assert "to stdout" in log
    assert "1234" in log
    assert ("Traceback" in log) is traceback
    if last is not None:
        assert log.splitlines()[-1] == last


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gpus", "words"),
    [
        ("", "the processor (no GPU found)"),
        ("9", "the processor: GPU 9 is there, but TensorFlow cannot use it (`antpipe check` says more)"),
    ],
)
def test_a_job_with_a_network_says_what_it_runs_on_and_nothing_else(folder, monkeypatch, gpus, words):
    monkeypatch.setenv("ANTPIPE_GPUS", gpus)
    body = f"import keras; print(keras.backend.backend()); {DONE}"
    returned, log, shown = run_job(folder, body, network="train")
    assert (returned, shown) == (0, "")
    assert log == f"running on {words}\ntensorflow\n"


def test_a_job_that_had_a_gpu_says_at_its_end_how_busy_that_was(folder):
    body = f"""
from antpipe import gpu_use
gpu_use.ask_gpu = lambda gpu: {{"percent": 87, "memory_mib": 12400, "total_mib": 81559}}
gpu_use.watch_gpu("0")
while not gpu_use.gpu_summary():
    pass
{DONE}
"""
    returned, log, _ = run_job(folder, body)
    assert (returned, log) == (0, "GPU on average and at most: 87 %, 12.1 of 79.6 GiB\n")


def test_a_job_that_is_done_leaves_a_record_and_no_heartbeat(folder):
    assert run_job(folder, f"with show_progress('predict') as advance: advance(1, 2)\n{DONE}")[0] == 0
    record = json.loads((folder / "results" / "records" / "predict" / "a b.json").read_text())
    assert (record["rule"], record["wildcards"], record["params"]) == ("predict", {"video": "a b"}, {"seed": 7})
    assert [file["path"] for file in (*record["inputs"], *record["outputs"])] == ["in", "out"]
    assert not list((folder / "results" / ".status").rglob("*.json"))


def test_a_job_that_failed_leaves_its_cause_and_no_record(folder):
    assert run_job(folder, "raise LabelError('no labels; label some frames')")[0] == 1
    heartbeat = json.loads((folder / "results" / ".status" / "jobs" / "predict" / "a b.json").read_text())
    assert (heartbeat["state"], heartbeat["error"]) == ("failed", "no labels; label some frames")
    assert not (folder / "results" / "records").exists()


def test_a_log_that_cannot_be_written_is_one_sentence(folder):
    (folder / "results").mkdir()
    (folder / "results" / "logs").touch()
    code, log, shown = run_job(folder, DONE)
    assert (code, log) == (1, None)
    assert shown == (
        f"error: {LOG}: the log cannot be written (Not a directory); give yourself the right to write there\n"
    )


def test_status_and_records_that_cannot_be_written_stop_no_job(folder):
    (folder / "results").mkdir()
    for name in (".status", "records"):
        (folder / "results" / name).touch()
    code, log, _ = run_job(folder, DONE)
    assert code == 0
    assert log.count("no status is kept") == 1
    assert log.count("no record is kept") == 1
    assert (folder / "out").read_text() == "out"


def test_every_script_of_a_rule_is_a_job():
    for script in (ROOT / "workflow" / "scripts").glob("*.py"):
        assert "with job(snakemake" in script.read_text().replace("job(snakemake.log", "job(log"), script.name
