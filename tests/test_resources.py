"""The machine: GPUs and their slots, and progress of long work."""

import os
import shlex
import subprocess
import sys
from types import SimpleNamespace

import pytest

from antpipe import progress, resources
from antpipe.errors import ResourceError

NVIDIA_SMI = """GPU 0: NVIDIA H200 (UUID: GPU-1111-aa)
  MIG 1g.18gb     Device  0: (UUID: MIG-2222-bb)
GPU 1: NVIDIA H200 (UUID: GPU-3333-cc)
"""


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """A machine without GPUs, settings and locks of its own."""
    for name in ("ANTPIPE_GPUS", "CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID", "TF_FORCE_GPU_ALLOW_GROWTH"):
        monkeypatch.setenv(name, "")  # so that what a test sets is undone
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(resources.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(resources, "_held", [])
    (tmp_path / "bin").mkdir()
    return tmp_path


def install_nvidia_smi(machine, text, code=0):
    program = machine / "bin" / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '%s' {shlex.quote(text)}\nexit {code}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("environment", "listing", "expected"),
    [
        ({}, None, []),
        ({}, "", []),
        ({}, NVIDIA_SMI, ["GPU-1111-aa", "GPU-3333-cc"]),
        ({"CUDA_VISIBLE_DEVICES": "1"}, NVIDIA_SMI, ["1"]),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, NVIDIA_SMI, []),
        ({"CUDA_VISIBLE_DEVICES": ""}, NVIDIA_SMI, []),
        ({"ANTPIPE_GPUS": "0, 1"}, None, ["0", "1"]),
        ({"ANTPIPE_GPUS": "", "CUDA_VISIBLE_DEVICES": "0"}, NVIDIA_SMI, []),
        ({"ANTPIPE_GPUS": "none"}, NVIDIA_SMI, []),
        ({"ANTPIPE_GPUS": "GPU-3333-cc", "CUDA_VISIBLE_DEVICES": "0"}, NVIDIA_SMI, ["GPU-3333-cc"]),
    ],
)
def test_which_gpus_may_be_used(machine, monkeypatch, environment, listing, expected):
    if listing is not None:
        install_nvidia_smi(machine, listing)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert resources.gpu_ids() == expected


@pytest.mark.parametrize(("asked", "expected"), [("1", 1), ("2", 2), ("99", 4), ("0", 4), ("", 4), ("two", 4)])
def test_a_job_uses_the_cores_that_it_may_and_was_given(monkeypatch, asked, expected):
    monkeypatch.setattr(resources.os, "sched_getaffinity", lambda process: {0, 2, 4, 6}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert resources.cores() == expected


def test_a_driver_that_fails_is_no_gpu(machine):
    install_nvidia_smi(machine, "NVIDIA-SMI has failed because it couldn't communicate with the driver.\n", 9)
    assert resources.gpu_ids() == []


def test_without_a_gpu_the_network_runs_on_the_processor():
    assert resources.take_gpu_slot() is None
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


def test_two_slots_are_two_gpus_and_a_third_is_refused(monkeypatch):
    monkeypatch.setenv("ANTPIPE_GPUS", "GPU-a,GPU-b")
    assert resources.take_gpu_slot(0) == "GPU-a"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-a"
    assert resources.take_gpu_slot(0) == "GPU-b"
    with pytest.raises(ResourceError, match=r"all GPUs \['GPU-a', 'GPU-b'\] are in use by other antpipe processes"):
        resources.take_gpu_slot(0)


def test_slurm_has_already_chosen(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    assert resources.take_gpu_slot(0) == resources.take_gpu_slot(0) == "3"


def test_a_killed_process_gives_its_gpu_back(machine, monkeypatch):
    program = (
        "import time; from antpipe.resources import take_gpu_slot; print(take_gpu_slot(0), flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "ANTPIPE_GPUS": "GPU-a", "TMPDIR": str(machine)}
    holder = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "GPU-a\n"
        monkeypatch.setenv("ANTPIPE_GPUS", "GPU-a")
        with pytest.raises(ResourceError):
            resources.take_gpu_slot(0)
        holder.kill()
        holder.wait()
        assert resources.take_gpu_slot(5) == "GPU-a"
    finally:
        holder.kill()
        holder.wait()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags : fpu avx2 avx512f avx512_bf16 amx_tile", True),
        ("flags : amx_bf16", True),
        ("flags : avx512f", False),
        (None, False),
    ],
)
def test_bfloat16_is_what_the_processor_says(monkeypatch, flags, expected):
    def read_text(_path):
        if flags is None:
            raise FileNotFoundError
        return flags

    monkeypatch.setattr(resources, "Path", lambda _path: SimpleNamespace(read_text=lambda: read_text(_path)))
    assert resources.has_bfloat16() is expected


def test_a_heartbeat_says_how_much_is_done_and_how_long_it_takes(monkeypatch, capsys):
    now = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with progress.show_progress("predict", "frames") as advance:
        for seconds, done, total in ((1, 10, 4000), (11, 100, 4000), (15, 150, 4000), (40, 400, 4000), (60, 600, None)):
            now[0] = 100 + seconds
            advance(done, total)
        now[0] = 200
        advance(0, 10)
    assert capsys.readouterr().err.splitlines() == [
        "predict: 100 of 4000 frames, 9.0 frames/s, 0:07:13 left",
        "predict: 400 of 4000 frames, 10.0 frames/s, 0:06:00 left",
        "predict: 600 frames, 10.0 frames/s",
    ]


def test_on_a_terminal_there_is_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with progress.show_progress("predict") as advance:
        advance(1, 3)
        advance(3, 3)
        advance(4, None)
    assert "predict:" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "name"), [("/opt/a b/bin/python3", "python3"), ("/opt/bin/python3", "/opt/bin/python3")]
)
def test_the_interpreter_can_be_called_from_a_shell_line(monkeypatch, path, name):
    monkeypatch.setattr(sys, "executable", path)
    monkeypatch.setenv("PATH", "/usr/bin")
    resources.make_interpreter_callable()
    assert sys.executable == name
    assert os.environ["PATH"] == ("/opt/a b/bin:/usr/bin" if name == "python3" else "/usr/bin")
