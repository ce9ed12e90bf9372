import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from antpipe.errors import VideoError
from antpipe.progress import show_progress
from antpipe.records import heartbeat as module
from antpipe.records import silence
from antpipe.records.heartbeat import beat
from antpipe.records.life import LOST_S, is_alive, reason
from antpipe.records.process import is_running, process_start
from antpipe.records.silence import read_heartbeats
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
    return sorted(path.as_posix() for path in (Path("results") / HEARTBEATS).rglob("*") if path.is_file())


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
        ((found, silent_s),) = read_heartbeats("results")
        assert (found.rule, found.wildcards, found.state) == ("predict", {"video": "a film.v2"}, "running")
        assert (found.pid, found.host) == (os.getpid(), socket.gethostname())
        assert is_alive(found, silent_s)
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
    ((found, silent_s),) = read_heartbeats("results")
    assert (found.state, found.error) == (state, text)
    assert not is_alive(found, silent_s)
    assert reason(found, silent_s).startswith("stopped from outside" if state == "stopped" else text)


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
        time.sleep(0.3)
        ((_, silent_s),) = read_heartbeats("results")
    # Without them it would be silent for 0.3 s.
    assert silent_s < 0.2


def test_a_job_that_cannot_write_says_so_once_and_goes_on(monkeypatch, capsys):
    Path("results").mkdir()
    Path("results/.status").touch()
    monkeypatch.setattr(module, "BEAT_S", 0.01)
    with beat(make_task()), show_progress("predict") as advance:
        for done in range(5):
            advance(done, 5)
            time.sleep(0.02)
    told = capsys.readouterr().err
    assert told.count("no status is kept of this job") == 1
    assert "results/.status/jobs/predict/a film.v2.json" in told


def test_a_disk_that_is_gone_for_a_moment_does_not_make_a_job_look_dead(monkeypatch, capsys):
    replace_file, asked = os.replace, []

    def refuse_at_first(*paths):
        asked.append(paths)
        if len(asked) < 4:
            raise OSError(errno.EIO, "Input/output error")
        replace_file(*paths)

    monkeypatch.setattr(module, "BEAT_S", 0.01)
    monkeypatch.setattr(module, "IDLE_S", 0.01)
    monkeypatch.setattr(module.os, "replace", refuse_at_first)
    with beat(make_task()):
        time.sleep(0.3)
        assert len(read_heartbeats("results")) == 1
    assert files() == []
    assert capsys.readouterr().err.count("no status is kept of this job (Input/output error)") == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"rule": "a"}'])
def test_a_heartbeat_that_cannot_be_read_is_none(content):
    path = Path("results") / HEARTBEATS / "a.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert read_heartbeats("results") == []


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ESTALE])
def test_a_heartbeat_that_goes_while_we_look_is_none(monkeypatch, code):
    def gone(*_, **__):
        raise OSError(code, "gone")

    with beat(make_task()):
        monkeypatch.setattr(Path, "read_text", gone)
        assert read_heartbeats("results") == []


def test_a_heartbeat_that_may_not_be_read_is_no_silence(monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "no")

    with beat(make_task()):
        monkeypatch.setattr(Path, "read_text", refuse)
        with pytest.raises(PermissionError):
            read_heartbeats("results")


def test_a_job_that_is_killed_is_found_dead(project):
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, cwd=project) as process:
        assert process.stdout.readline() == b"ready\n"
        ((found, silent_s),) = read_heartbeats("results")
        assert is_alive(found, silent_s)
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        # Its parent has not asked for it yet: a zombie.
        assert not is_alive(found, silent_s)
    assert not is_alive(found, silent_s)
    assert "killed, out of memory, or the power went" in reason(found, silent_s)
    assert json.loads(Path(files()[0]).read_text())["state"] == "running"


def test_the_number_of_a_dead_process_may_be_that_of_another_one():
    here = process_start(os.getpid())
    assert is_running(os.getpid(), here)
    assert is_running(os.getpid(), None)
    if here is not None:
        assert not is_running(os.getpid(), here - 1)


def test_a_job_on_another_computer_is_judged_by_its_silence():
    with beat(make_task()):
        ((found, _),) = read_heartbeats("results")
    elsewhere = replace(found, host="node17", pid=1, process_start=0)
    assert is_alive(elsewhere, LOST_S - 1)
    assert not is_alive(elsewhere, LOST_S + 1)
    assert reason(elsewhere, LOST_S + 1).startswith(
        "not heard of for 0:02:01 on node17: killed, out of memory or of time"
    )


@pytest.mark.parametrize("ahead_s", [-86400.0, 0.0, 86400.0])
def test_silence_does_not_depend_on_the_clock_of_this_computer(monkeypatch, ahead_s):
    real = time.time
    with beat(make_task()):
        os.utime(files()[0], (real() - 50, real() - 50))
        monkeypatch.setattr(time, "time", lambda: real() + ahead_s)
        ((found, silent_s),) = read_heartbeats("results")
        assert is_alive(replace(found, host="node17"), silent_s)
    # Files are dated a few milliseconds late.
    assert 49 < silent_s < 60
    assert files() == [], "what tells the time of the files is gone"


def test_in_a_folder_that_cannot_be_written_silence_goes_by_the_clock_of_this_computer(monkeypatch):
    def refuse(**_):
        raise PermissionError

    with beat(make_task()):
        monkeypatch.setattr(silence.tempfile, "TemporaryFile", refuse)
        ((_, silent_s),) = read_heartbeats("results")
    assert -1 < silent_s < 10


def test_a_heartbeat_tells_what_the_gpu_does(monkeypatch):
    use = {"percent": 87, "memory_mib": 12400, "total_mib": 81559}
    monkeypatch.setattr(module, "BEAT_S", 0.01)
    monkeypatch.setattr(module, "gpu_now", lambda: use)
    with beat(make_task()):
        time.sleep(0.2)
        ((found, _),) = read_heartbeats("results")
    assert found.gpu == use


def test_a_heartbeat_of_an_older_version_is_read():
    with beat(make_task()):
        old = json.loads(Path(files()[0]).read_text())
        del old["gpu"]
        Path(files()[0]).write_text(json.dumps(old))
        assert [found.gpu for found, _ in read_heartbeats("results")] == [None]
