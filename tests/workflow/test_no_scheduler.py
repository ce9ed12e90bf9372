"""A profile for a cluster, on a computer that is none."""

import subprocess
from pathlib import Path

import pytest
from small_project import command_of

SCHEDULERS = ("sbatch", "squeue", "sinfo", "sacct", "sacctmgr", "scontrol", "scancel", "srun", "qsub", "qstat", "qdel")


@pytest.fixture
def path_without(tmp_path):
    """A PATH with all programs but those of schedulers."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for program in Path(place).iterdir():
            if program.name not in SCHEDULERS and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    return str(folder)


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "program"), [("slurm", "sbatch"), ("cluster-generic", "qdel")])
def test_one_sentence_says_that_there_is_no_scheduler(tmp_path, path_without, profile, program):
    command, environment = command_of(tmp_path, profile=profile)
    environment = {**environment, "PATH": path_without}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    output = run.stdout + run.stderr
    assert run.returncode == 1
    sentences = [line for line in output.splitlines() if "no such program" in line.lower()]
    assert len(sentences) == 1, output
    assert sentences[0].startswith(f"{program}: there is no such program on this computer")
    assert "Traceback" not in output
    assert "Error in rule" not in output, "no job was begun"
    # Nothing is left that would stop the next run.
    assert list((tmp_path / ".snakemake" / "locks").glob("*")) == []
    assert not (tmp_path / "results" / ".status").exists()
