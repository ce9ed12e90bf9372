"""What the GPU does, as a stand-in for `nvidia-smi` tells it."""

import shlex
import sys
import time

import pytest

from antpipe import gpu_use, progress
from antpipe.gpu_use import ask_gpu, gpu_now, gpu_summary, watch_gpu

USE = {"percent": 87, "memory_mib": 12400, "total_mib": 81559}
# Answers with the next line of a file each time; the words that it was called with go to another.
PROGRAM = """
import sys
from pathlib import Path
folder = Path({folder!r})
answers = (folder / "answers").read_text().splitlines()
print(answers[0])
(folder / "answers").write_text("\\n".join(answers[1:] or answers))
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
sys.exit({code})
"""


@pytest.fixture(autouse=True)
def nothing_seen_yet(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    yield
    # Ends the thread of the test.
    gpu_use._watch = gpu_use._Watch()


@pytest.fixture
def nvidia_smi(tmp_path):
    def install(*answers, code=0):
        (tmp_path / "answers").write_text("\n".join(answers))
        program = tmp_path / "nvidia-smi"
        answer = tmp_path / "answer.py"
        answer.write_text(PROGRAM.format(folder=str(tmp_path), code=code))
        # A Python file's own first line would not do: the path of Python may have a space.
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(answer))} "$@"\n')
        program.chmod(0o755)
        return tmp_path / "calls"

    return install


def test_the_question_names_the_gpu(nvidia_smi):
    calls = nvidia_smi("87, 12400, 81559")
    assert ask_gpu("GPU-1111-aa") == USE
    assert calls.read_text() == (
        "--query-gpu=utilization.gpu,memory.used,memory.total --format=csv,noheader,nounits -i GPU-1111-aa\n"
    )


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("No devices were found", 6),
        ("87, 12400, 81559", 9),
        ("[N/A], 12400, 81559", 0),
        ("87, 12400", 0),
        ("", 0),
        ("No devices were found", 0),
    ],
)
def test_a_driver_that_does_not_tell_is_no_error(nvidia_smi, answer, code):
    nvidia_smi(answer, code=code)
    assert ask_gpu("0") is None


def test_a_driver_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    program.chmod(0o755)
    monkeypatch.setattr(gpu_use, "LIMIT_S", 0.2)
    start = time.monotonic()
    assert ask_gpu("0") is None
    assert time.monotonic() - start < 10


def test_without_nvidia_smi_nothing_is_said_and_nothing_asked_again(monkeypatch):
    asked = []
    monkeypatch.setattr(gpu_use, "WATCH_S", 0.001)
    monkeypatch.setattr(gpu_use, "ask_gpu", asked.append)
    watch_gpu("0")
    assert wait_until(lambda: asked)
    time.sleep(0.05)
    assert (asked, gpu_now(), gpu_summary()) == (["0"], None, "")


def test_the_summary_has_the_mean_of_all_answers_and_the_most_memory(monkeypatch):
    answers = [
        {**USE, "percent": 0, "memory_mib": 500},
        {**USE, "percent": 100, "memory_mib": 20480},
        None,
        {**USE, "percent": 95},
    ]
    monkeypatch.setattr(gpu_use, "WATCH_S", 0.001)
    monkeypatch.setattr(gpu_use, "ask_gpu", lambda _: answers.pop(0) if answers else None)
    watch_gpu("0")
    assert wait_until(lambda: not answers and gpu_now() is None)
    assert gpu_summary() == "GPU on average and at most: 65 %, 20.0 of 79.6 GiB"


def test_lines_of_progress_tell_what_the_gpu_does(nvidia_smi, monkeypatch, capsys):
    nvidia_smi("87, 12400, 81559")
    monkeypatch.setattr(progress, "HEARTBEAT_S", 0.0)
    with progress.show_progress("predict") as advance:
        advance(1, None)
        advance(2, None)
        watch_gpu("0")
        assert wait_until(gpu_now)
        advance(3, None)
    before, after = capsys.readouterr().err.splitlines()
    assert "GPU" not in before
    assert after.endswith(" frames/s, GPU 87 %, 12.1 of 79.6 GiB")


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()
