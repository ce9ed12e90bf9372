"""Runs that are killed, stopped, or find no room on the disk: the next run gives what an undisturbed one gives."""

import filecmp
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from small_project import command_of, hear_ctrl_c, snakemake, stop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TABLES = tuple(f"results/export/ants_00{number}.csv" for number in (1, 2))
STAGES = ("labels", "models", "predictions", "tracks", "export")


def begin(folder):
    """Start a run in a process group of its own."""
    command, environment = command_of(folder, "--cores", "1", *TABLES)
    with open(folder / "output.txt", "w") as output:
        return subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True, preexec_fn=hear_ctrl_c
        )


def workers(run, script):
    """The processes of a run that work on one script of the workflow."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            group = os.getpgid(int(place.name))
            words = (place / "cmdline").read_bytes().decode().split("\0")
        except (OSError, ValueError):
            continue
        if group == run.pid and any(word.endswith(script) for word in words[1:2]):
            found.append(int(place.name))
    return found


def wait_for(run, script, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end and run.poll() is None:
        if found := workers(run, script):
            return found
        time.sleep(0.05)
    pytest.fail(f"no process of {script} began")


def assert_equal(folder, project):
    """All tables, splits and metrics are those of the undisturbed project, to the last byte; nothing else is left."""
    own, other = folder / "results", project / "results"
    files = [path.relative_to(own) for path in own.rglob("*") if path.is_file()]
    assert [path for path in files if path.name.startswith(".") and path.name != ".snakemake_timestamp"] == []
    tables = [p for p in files if p.parts[0] in STAGES and p.suffix in (".parquet", ".csv", ".json", ".tsv")]
    assert {path.parts[0] for path in tables} == set(STAGES)
    assert [path for path in tables if not filecmp.cmp(own / path, other / path, shallow=False)] == []


def test_after_kills_at_random_moments_and_a_stop_the_results_are_those_of_an_undisturbed_run(project, tmp_path):
    moments = random.Random(7)
    for _ in range(2):
        run = begin(tmp_path)
        time.sleep(moments.uniform(3, 14))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        # As the message of the next run says.
        assert snakemake(tmp_path, "--unlock")[0] == 0
    run = begin(tmp_path)
    for worker in wait_for(run, ".train.py"):
        os.kill(worker, signal.SIGKILL)
    assert run.wait(timeout=200) != 0, "a killed job is a failed one"
    run = begin(tmp_path)
    wait_for(run, ".predict.py")
    time.sleep(moments.uniform(0, 3))
    assert stop(run) != 0
    code, output = snakemake(tmp_path, "--cores", "1", *TABLES)
    assert code == 0, output[-6000:]
    assert_equal(tmp_path, project)


@pytest.fixture
def small_disk(tmp_path):
    """A project whose results lie on a disk of 300 kB, and what gives the disk other options."""
    results = tmp_path / "results"
    results.mkdir()
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, "-t", "tmpfs", "-o", "size=300k", "tmpfs", results]).returncode:
        pytest.skip("A FULL DISK AND A READ-ONLY FOLDER NOT TRIED: no right to mount a disk of one's own")

    def remount(options):
        subprocess.run([mount, "-o", f"remount,{options}", results], check=True)

    yield tmp_path, remount
    subprocess.run(["umount", "--lazy", results], check=True)


def test_a_full_disk_and_a_folder_without_write_access_are_said_and_lose_nothing(project, small_disk):
    folder, remount = small_disk
    code, output = snakemake(folder, "--cores", "1", *TABLES)
    assert code != 0
    assert "No space left on device" in output
    remount("size=100m,ro")
    code, output = snakemake(folder, "--cores", "1", *TABLES)
    assert code != 0
    assert "Read-only file system" in output
    remount("size=100m,rw")
    code, output = snakemake(folder, "--cores", "1", *TABLES)
    assert code == 0, output[-6000:]
    assert_equal(folder, project)
