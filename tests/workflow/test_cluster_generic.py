"""The profile cluster-generic: its commands on stand-ins, and those for Slurm on a real one."""

import os
import shlex
import subprocess
from types import SimpleNamespace

import pytest
import yaml
from generic_profile import CANCEL, QUEUES, STATUS, SUBMIT, TEXT, profile_for
from slurm_cluster import slurm, why_not
from small_project import CONFIG, command_of, hear_ctrl_c, snakemake, stop, wait_until

from antpipe.config.simulate import SimulateConfig
from antpipe.synthetic.simulate import simulate


def install(folder, name, text="", code=0):
    """A stand-in that prints a text and writes down the words that it was called with."""
    program, words = folder / name, folder / f"{name}.words"
    program.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{shlex.quote(str(words))}\nprintf '%s' {shlex.quote(text)}\nexit {code}\n"
    )
    program.chmod(0o755)


def run(folder, command):
    """What a command prints, run as the plugin runs it, with the stand-ins of a folder."""
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, shell=True, env=environment, stdout=subprocess.PIPE, check=True, text=True).stdout


def test_the_queue_that_is_on_is_the_first():
    assert yaml.safe_load(TEXT) == profile_for(QUEUES[0])


SUBMITTED = {
    "SGE": ("qsub", "12", "-terse -V -cwd -S /bin/sh -j y -o /dev/null -pe smp 4 -l h_vmem=1000M,h_rt=5400,gpu=1"),
    "PBS": (
        "qsub",
        "12.head",
        "-V -S /bin/sh -j oe -o /dev/null -l walltime=5400 -l select=1:ncpus=4:mem=4000mb:ngpus=1",
    ),
    "LSF": ("bsub", "12", "-o /dev/null -n 4 -R span[hosts=1] -M 4000MB -W 90 -gpu num=1"),
    "Slurm": ("sbatch", "12", "--parsable -o /dev/null --cpus-per-task=4 --mem=4000 --time=90 --gpus=1"),
}
ANSWERS = {"LSF": "Job <12> is submitted to default queue <normal24h>."}


@pytest.mark.parametrize("queue", QUEUES)
def test_a_job_is_submitted_with_all_that_it_needs(tmp_path, queue):
    program, number, words = SUBMITTED[queue]
    install(tmp_path, program, ANSWERS.get(queue, number) + "\n")
    job = SimpleNamespace(mem_mb=4000, runtime=90, gpu=1)
    command = profile_for(queue)[SUBMIT].format(threads=4, resources=job)
    assert run(tmp_path, f'{command} "/a/job.sh"') == f"{number}\n"
    assert (tmp_path / f"{program}.words").read_text().splitlines() == [*words.split(), "/a/job.sh"]


def test_lsf_is_not_asked_for_no_gpu(tmp_path):
    install(tmp_path, "bsub", ANSWERS["LSF"])
    job = SimpleNamespace(mem_mb=4000, runtime=90, gpu=0)
    run(tmp_path, f'{profile_for("LSF")[SUBMIT].format(threads=4, resources=job)} "/a/job.sh"')
    assert "gpu" not in (tmp_path / "bsub.words").read_text()


ENDED = "exit_status  {}                   \n"
SAID = [
    ("SGE", {"qstat": ("job_number: 12\n", 0), "qacct": ("", 1)}, "running"),
    ("SGE", {"qstat": ("", 1), "qacct": ("", 1)}, "running"),
    ("SGE", {"qstat": ("", 1), "qacct": ("failed       0\n" + ENDED.format(0), 0)}, "success"),
    ("SGE", {"qstat": ("", 1), "qacct": ("failed       0\n" + ENDED.format(3), 0)}, "failed"),
    ("SGE", {"qstat": ("", 1), "qacct": ("failed       100 : killed\n" + ENDED.format(137), 0)}, "failed"),
    ("PBS", {"qstat": ("Job Id: 12.head\n    job_state = Q\n", 0)}, "running"),
    ("PBS", {"qstat": ("Job Id: 12.head\n    job_state = R\n", 0)}, "running"),
    ("PBS", {"qstat": ("Job Id: 12.head\n    job_state = F\n    Exit_status = 0\n", 0)}, "success"),
    ("PBS", {"qstat": ("Job Id: 12.head\n    job_state = F\n    Exit_status = 1\n", 0)}, "failed"),
    ("PBS", {"qstat": ("Job Id: 12.head\n    job_state = F\n    Exit_status = -29\n", 0)}, "failed"),
    ("PBS", {"qstat": ("Job Id: 12.head\n    job_state = F\n", 0)}, "failed"),
    ("PBS", {"qstat": ("", 35)}, "running"),
    *(("LSF", {"bjobs": (f"{state}\n", 0)}, "running") for state in ("PEND", "RUN", "PSUSP", "UNKWN")),
    ("LSF", {"bjobs": ("DONE\n", 0)}, "success"),
    ("LSF", {"bjobs": ("EXIT\n", 0)}, "failed"),
    ("LSF", {"bjobs": ("", 255)}, "running"),
    *(("Slurm", {"squeue": (f"{state}\n", 0)}, "running") for state in ("PENDING", "RUNNING", "COMPLETING")),
    ("Slurm", {"squeue": ("COMPLETED\n", 0)}, "success"),
    *(
        ("Slurm", {"squeue": (f"{state}\n", 0)}, "failed")
        for state in ("FAILED", "TIMEOUT", "OUT_OF_MEMORY", "CANCELLED")
    ),
    ("Slurm", {"squeue": ("", 1)}, "running"),
]


@pytest.mark.parametrize(("queue", "programs", "state"), SAID)
def test_what_the_queue_says_of_a_job_is_understood(tmp_path, queue, programs, state):
    for name, (text, code) in programs.items():
        install(tmp_path, name, text, code)
    assert run(tmp_path, f"{profile_for(queue)[STATUS]} '12'") == f"{state}\n"
    assert all("12" in (tmp_path / f"{name}.words").read_text().split() for name in list(programs)[:1])


def test_every_queue_was_tried_with_an_end_of_each_kind():
    kinds = {(queue, state) for queue, _, state in SAID}
    assert kinds == {(queue, state) for queue in QUEUES for state in ("running", "success", "failed")}


@pytest.mark.parametrize("queue", QUEUES)
def test_what_cancels_is_one_program(queue):
    # The plugin gives it the jobs' numbers, without a shell.
    assert profile_for(queue)[CANCEL].isalnum()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if reason := why_not():
        pytest.skip(f"SLURM NOT TRIED: {reason}")
    with slurm(tmp_path_factory.mktemp("slurm")):
        yield


@pytest.fixture
def films(tmp_path):
    """A folder of a project with two films and one that is broken; the options of a run on the real queue in it."""
    simulate(tmp_path / "data", SimulateConfig(**CONFIG["simulate"]))
    (tmp_path / "data" / "broken.mp4").write_bytes(b"not a video")
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "profile.yaml").write_text(yaml.safe_dump(profile_for("Slurm")))
    own = {**CONFIG, "videos": "data/*.mp4", "labels": "data/labels.slp"}
    return tmp_path, {"config": own, "profile": profile}


def queue():
    return subprocess.run(["squeue", "-h", "-t", "all", "-o", "%T"], capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_real_queue_runs_jobs_and_tells_which_failed(cluster, films):
    folder, options = films
    targets = [f"results/videos/{name}.mp4" for name in ("ants_001", "ants_002", "broken")]
    code, output = snakemake(folder, "--retries", "0", "--seconds-between-status-checks", "1", *targets, **options)
    assert code != 0
    assert "1 job failed" in output, output[-6000:]
    assert [(folder / target).exists() for target in targets] == [True, True, False]
    assert sorted(queue().split()) == ["COMPLETED", "COMPLETED", "FAILED"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_interruption_cancels_the_jobs_of_a_real_queue(cluster, films):
    folder, options = films
    command, environment = command_of(folder, "results/videos/ants_001.mp4", **options)
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, preexec_fn=hear_ctrl_c, **silent) as process:
        assert wait_until(lambda: "RUNNING" in queue())
        assert stop(process) != 0
    assert wait_until(lambda: "CANCELLED" in queue())
