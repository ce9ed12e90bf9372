import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from antpipe.errors import VideoError
from antpipe.progress import show_progress
from antpipe.records import heartbeat as module
from antpipe.records import life
from antpipe.records.heartbeat import beat, read_heartbeats
from antpipe.records.life import LOST_S, is_alive, reason
from antpipe.records.process import is_running, process_start
from antpipe.records.task import HEARTBEATS, Task

PROGRAM = """
import sys, time
from antpipe.records.heartbeat import beat
from antpipe.records.task import Task
task = Task(log="results/logs/predict/a.log", wildcards={"video": "a"}, inputs=(), outputs=(), params={}, threads=1)
with beat(task):
    print("ready", flush=True)
    time.sleep(60)
"""


def make_task(log="results/logs/predict/a film.v2.log", **wildcards):
    return Task(log=log, wildcards=wildcards or {"video": "a film.v2"}, inputs=(), outputs=(), params={}, threads=1)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files():
    return sorted(path.as_posix() for path in (module.Path("results") / HEARTBEATS).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("log", "rule", "file"),
    [
        ("results/logs/merge.log", "merge", "results/.status/jobs/merge.json"),
        ("out/logs/predict/b.v2.log", "predict", "out/.status/jobs/predict/b.v2.json"),
        ("/data/logs/lab/logs/export/a.csv.log", "export", "/data/logs/lab/.status/jobs/export/a.csv.json"),
        ("logs/logs/track/logs.log", "track", "logs/.status/jobs/track/logs.json"),
    ],
)
def test_the_place_of_a_heartbeat_follows_from_the_log(log, rule, file):
    task = make_task(log)
    assert task.rule == rule
    assert task.file_in(HEARTBEATS).as_posix() == file


def test_a_job_that_runs_has_a_heartbeat_and_one_that_is_done_has_none():
    with beat(make_task()):
        assert files() == ["results/.status/jobs/predict/a film.v2.json"]
        ((found, changed_s),) = read_heartbeats("results")
        assert (found.rule, found.wildcards, found.state) == ("predict", {"video": "a film.v2"}, "running")
        assert (found.pid, found.host) == (os.getpid(), socket.gethostname())
        assert is_alive(found, changed_s)
    assert files() == []


@pytest.mark.parametrize(
    ("error", "state", "text"),
    [
        (VideoError("a.mp4: the video is empty; copy it again"), "failed", "a.mp4: the video is empty; copy it again"),
        (KeyError("x"), "failed", "KeyError: 'x'"),
        (ValueError("two\nlines"), "failed", "ValueError: two lines"),
        (KeyboardInterrupt(), "stopped", "KeyboardInterrupt: "),
    ],
)
def test_a_job_that_fails_leaves_its_cause(error, state, text):
    with pytest.raises(type(error)), beat(make_task()):
        raise error
    ((found, changed_s),) = read_heartbeats("results")
    assert (found.state, found.error) == (state, text)
    assert not is_alive(found, changed_s)
    assert reason(found, changed_s).startswith("stopped from outside" if state == "stopped" else text)


def test_progress_comes_with_its_rate(monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.02)
    with beat(make_task()), show_progress("predict", "frames") as advance:
        advance(10, 1000)
        time.sleep(0.1)
        advance(110, 1000)
        time.sleep(0.2)
        ((found, _),) = read_heartbeats("results")
    assert (found.what, found.unit, found.done, found.total) == ("predict", "frames", 110, 1000)
    # A hundred frames in about a tenth of a second, give or take two beats and a busy machine.
    assert 100 / 1.0 < found.rate <= 100 / 0.05


def test_however_often_progress_is_told_little_is_written(monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.1)
    written = []
    replace_file = os.replace
    monkeypatch.setattr(module.os, "replace", lambda *paths: (written.append(paths), replace_file(*paths)))
    start = time.monotonic()
    with beat(make_task()), show_progress("predict") as advance:
        while time.monotonic() - start < 0.35:
            advance(1, 10)
            advance(2, 10)
    assert 2 <= len(written) <= 1 + (time.monotonic() - start) / 0.1


def test_without_progress_a_job_still_gives_signs_of_life(monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.01)
    monkeypatch.setattr(module, "IDLE_S", 0.05)
    with beat(make_task()):
        ((_, first_s),) = read_heartbeats("results")
        time.sleep(0.3)
        ((_, later_s),) = read_heartbeats("results")
    assert later_s > first_s


def test_a_job_that_cannot_write_says_so_once_and_goes_on(monkeypatch, capsys):
    module.Path("results").mkdir()
    module.Path("results/.status").touch()
    monkeypatch.setattr(module, "BEAT_S", 0.01)
    with beat(make_task()), show_progress("predict") as advance:
        for done in range(5):
            advance(done, 5)
            time.sleep(0.02)
    told = capsys.readouterr().err
    assert told.count("no status is kept of this job") == 1
    assert "results/.status/jobs/predict/a film.v2.json" in told


@pytest.mark.parametrize("content", ["", "{", "[]", '{"rule": "a"}'])
def test_a_heartbeat_that_cannot_be_read_is_none(content):
    path = module.Path("results") / HEARTBEATS / "a.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert read_heartbeats("results") == []


def test_a_job_that_is_killed_is_found_dead(project):
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, cwd=project) as process:
        assert process.stdout.readline() == b"ready\n"
        ((found, changed_s),) = read_heartbeats("results")
        assert is_alive(found, changed_s)
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        # Its parent has not asked for it yet: a zombie.
        assert not is_alive(found, changed_s)
    assert not is_alive(found, changed_s)
    assert "killed, out of memory, or the power went" in reason(found, changed_s)
    assert json.loads(module.Path(files()[0]).read_text())["state"] == "running"


def test_the_number_of_a_dead_process_may_be_that_of_another_one():
    here = process_start(os.getpid())
    assert is_running(os.getpid(), here)
    assert is_running(os.getpid(), None)
    if here is not None:
        assert not is_running(os.getpid(), here - 1)


def test_a_job_on_another_computer_is_judged_by_the_age_of_its_heartbeat(monkeypatch):
    with beat(make_task()):
        ((found, changed_s),) = read_heartbeats("results")
    elsewhere = replace(found, host="node17", pid=1, process_start=0)
    for age_s, alive in ((LOST_S - 1, True), (LOST_S + 1, False)):
        monkeypatch.setattr(life.time, "time", lambda age_s=age_s: changed_s + age_s)
        assert is_alive(elsewhere, changed_s) is alive
    assert reason(elsewhere, changed_s).startswith(
        "not heard of for 0:02:01 on node17: killed, out of memory or of time"
    )
