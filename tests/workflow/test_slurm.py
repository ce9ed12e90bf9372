"""The workflow on a real Slurm, of this one computer and with fake GPUs."""

import filecmp
import re
import shutil
import subprocess

import pytest
from slurm_cluster import slurm, why_not
from small_project import CONFIG, ROOT, command_of, hear_ctrl_c, snakemake, stop, wait_until

from antpipe.config.simulate import SimulateConfig
from antpipe.synthetic.simulate import simulate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900, func_only=True)]
# About what a job takes: whenever none has ended, the plugin makes the time to its next look 10 s longer.
QUICK = ("--slurm-init-seconds-before-status-checks", "15", "--seconds-between-status-checks", "15")


@pytest.fixture(scope="module", autouse=True)
def cluster(tmp_path_factory):
    if reason := why_not():
        pytest.skip(f"SLURM NOT TRIED: {reason}")
    with slurm(tmp_path_factory.mktemp("slurm")):
        yield


def on_slurm(folder, *arguments, **kwargs):
    return snakemake(folder, *QUICK, *arguments, profile="slurm", **kwargs)


def queue():
    return subprocess.run(["squeue", "-h", "-o", "%j %T"], capture_output=True, text=True, check=True).stdout


def files_of(results):
    """What a run makes of poses and models, without what tells of times and places."""
    stages = ("labels", "models", "predictions", "tracks", "features", "export")
    paths = (path.relative_to(results) for path in results.rglob("*") if path.is_file())
    return {path for path in paths if path.parts[0] in stages}


def test_the_whole_workflow_gives_what_it_gives_on_one_computer(project, tmp_path):
    code, output = on_slurm(tmp_path)
    assert code == 0, output[-6000:]
    own, other = tmp_path / "results", project / "results"
    assert files_of(own) == files_of(other)
    tables = [path for path in files_of(own) if path.suffix in (".parquet", ".csv", ".json", ".tsv")]
    different = [path for path in tables if not filecmp.cmp(own / path, other / path, shallow=False)]
    assert different == []
    pictures = {path.name for path in (other / "report").iterdir()}
    assert {path.name for path in (own / "report").iterdir()} == pictures
    logs = [path.read_text() for path in (own / "logs" / "train").glob("*.log")]
    assert {re.search(r"GPU (\d)", text)[1] for text in logs} == {"0", "1"}, "each network had a GPU of its own"


def test_a_broken_video_does_not_stop_the_others(project, tmp_path):
    shutil.copytree(project / "results" / "simulated", tmp_path / "data")
    (tmp_path / "data" / "broken.mp4").write_bytes(b"not a video")
    own = {**CONFIG, "videos": "data/*.mp4", "labels": "data/labels.slp"}
    targets = [f"results/videos/{name}.mp4" for name in ("ants_001", "ants_002", "broken")]
    code, output = on_slurm(tmp_path, "--retries", "0", *targets, config=own)
    assert code != 0
    assert "error: " in output
    assert "broken.mp4" in output
    assert all((tmp_path / "results" / "videos" / f"{name}.mp4").exists() for name in ("ants_001", "ants_002"))


def test_films_go_as_an_array_where_the_profile_says_so(tmp_path):
    simulate(tmp_path / "data", SimulateConfig(**{**CONFIG["simulate"], "videos": 3}))
    own = {**CONFIG, "videos": "data/*.mp4", "labels": "data/labels.slp"}
    text = (ROOT / "profiles" / "slurm" / "profile.yaml").read_text()
    profile = tmp_path / "profile"
    profile.mkdir()
    on = re.sub("^# (?=slurm-array|max-jobs)", "", text.replace("jobs: 100 ", "jobs: 100000 "), flags=re.M)
    (profile / "profile.yaml").write_text(on)
    targets = [f"results/videos/ants_00{number}.mp4" for number in (1, 2, 3)]
    code, output = snakemake(tmp_path, *QUICK, *targets, config=own, profile=profile)
    assert code == 0, output[-6000:]
    # The number of a job within its array; N/A of jobs that are in none.
    tasks = subprocess.run(["squeue", "-h", "-t", "all", "-o", "%K"], capture_output=True, text=True, check=True).stdout
    assert sorted(set(tasks.split()) - {"N/A"}) == ["1", "2", "3"]
    assert all((tmp_path / target).exists() for target in targets)


def test_an_interruption_cancels_the_jobs(tmp_path):
    command, environment = command_of(tmp_path, *QUICK, profile="slurm")
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, preexec_fn=hear_ctrl_c, **silent) as process:
        assert wait_until(lambda: "RUNNING" in queue())
        assert stop(process) != 0
    assert wait_until(lambda: not any(state in queue() for state in ("RUNNING", "PENDING")))
