"""The machine: one GPU per process, threads, and bfloat16."""

import fcntl
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from antpipe.errors import ResourceError

POLL_S = 0.5
_held: list[IO[str]] = []


def cores() -> int:
    """Return how many cores this process may use; Snakemake sets `OMP_NUM_THREADS` to the threads of a job."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(allowed, int(asked)) if asked.isdecimal() and int(asked) else allowed


def gpu_ids() -> list[str]:
    """Return the GPUs that this process may choose from.

    `ANTPIPE_GPUS` (a list such as `0,1`, or empty for none) comes first, then an inherited `CUDA_VISIBLE_DEVICES`,
    then what `nvidia-smi` lists by UUID.
    """
    for name in ("ANTPIPE_GPUS", "CUDA_VISIBLE_DEVICES"):
        if name in os.environ:
            return [i for i in os.environ[name].replace(" ", "").split(",") if i not in ("", "-1", "none")]
    try:
        listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.split("UUID: ")[1].rstrip(")") for line in listing.stdout.splitlines() if "UUID: GPU" in line]


def take_gpu_slot(wait_s: float = 24 * 3600) -> str | None:
    """Choose one GPU that no other antpipe process of this machine holds, and keep it until the process ends.

    Sets `CUDA_VISIBLE_DEVICES`, so it must come before the first import of TensorFlow. The kernel drops the lock
    however the process dies. Processes wait for each other, so that a forgotten `--resources gpu=1` cannot fill a
    GPU's memory. Within a Slurm job the scheduler has already chosen.

    Returns:
        The GPU's id, or None where there is no GPU.

    Raises:
        ResourceError: if all GPUs are still held after `wait_s` seconds.
    """
    ids = gpu_ids()
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    # So that numbers mean the GPUs that `nvidia-smi` means.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    if not ids:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        return None
    # A job that asked Slurm for no GPU has no such variable, and must not take one that is another's.
    if "SLURM_JOB_ID" in os.environ and "CUDA_VISIBLE_DEVICES" in os.environ:
        return ids[0]
    end = time.monotonic() + wait_s
    while True:
        for gpu in ids:
            if _try_lock(gpu):
                os.environ["CUDA_VISIBLE_DEVICES"] = gpu
                return gpu
        if time.monotonic() >= end:
            raise ResourceError(f"all GPUs {ids} are in use by other antpipe processes; wait for them or end them")
        time.sleep(POLL_S)


def make_interpreter_callable() -> None:
    """Let Snakemake call this Python also where its path has a space or a quote.

    Snakemake writes `sys.executable` into a shell line as it is. Where that would break, the folder goes to the front
    of PATH and the name alone remains.
    """
    if shlex.quote(sys.executable) != sys.executable:
        folder, name = os.path.split(sys.executable)
        os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", "")])
        sys.executable = name


def has_bfloat16() -> bool:
    """Return whether the processor has bfloat16 arithmetic (AVX512_BF16 or AMX)."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _try_lock(gpu: str) -> bool:
    # A local folder: locks over a network file system are not dependable.
    folder = Path(tempfile.gettempdir()) / f"antpipe-gpu-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = (folder / f"{gpu.replace('/', '_')}.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return False
    _held.append(file)
    return True
