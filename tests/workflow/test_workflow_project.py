"""Projects in folders of their own, what a run tells of itself, and the workflow as a part of another one."""

import contextlib
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from small_project import CONFIG, ROOT, planned

from antpipe.config.simulate import SimulateConfig
from antpipe.projects.check import check_project
from antpipe.projects.init import init_project
from antpipe.records.crate import CRATE
from antpipe.records.explain import explain
from antpipe.records.plan import read_plan
from antpipe.records.record import read_records
from antpipe.records.status import project_status
from antpipe.records.task import HEARTBEATS
from antpipe.synthetic.simulate import simulate

OUTER = """
configfile: "config.yaml"


module antpipe:
    snakefile:
        {snakefile!r}
    config:
        config["poses"]


use rule * from antpipe as antpipe_*


rule forces:
    input:
        "results/tracks/film.parquet",
    output:
        "forces.txt",
    shell:
        "touch {{output}}"
"""


def run(folder, *arguments):
    """Run snakemake in a folder, with the profile that it finds by itself; return its exit code and its output."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=800, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Simulated films with labels, as a lab would have them."""
    folder = tmp_path_factory.mktemp("films")
    simulate(folder, SimulateConfig(**CONFIG["simulate"]), lambda done, total: None)
    return folder


def test_a_new_project_can_be_planned_from_anywhere(films, tmp_path):
    init_project(tmp_path / "a lab\u2019s project", [str(films)], [str(films)])
    assert "error" not in {note.state for note in check_project(tmp_path / "a lab\u2019s project")}
    code, output = run(
        tmp_path, "--snakefile", ROOT / "Snakefile", "--directory", tmp_path / "a lab\u2019s project", "-n"
    )
    assert code == 0, output[-3000:]
    assert {"preprocess", "merge", "train", "predict", "track", "export", "summary"} <= planned(output)
    assert f"Using workflow specific profile {ROOT / 'profiles' / 'default'}" in output


def test_the_workflow_can_be_a_module_of_another_one(films, tmp_path):
    (tmp_path / "Snakefile").write_text(OUTER.format(snakefile=str(ROOT / "Snakefile")))
    (tmp_path / "film.mp4").symlink_to(films / "ants_001.mp4")
    poses = {"videos": [str(films / "ants_*.mp4"), "film.mp4"], "labels": str(films / "labels.slp")}
    (tmp_path / "config.yaml").write_text(json.dumps({"poses": poses}))
    code, output = run(tmp_path, "-n", "forces")
    assert code == 0, output[-3000:]
    rules = {"preprocess", "merge", "split", "train", "select", "predict", "track"}
    assert {"forces", *(f"antpipe_{rule}" for rule in rules)} <= planned(output)


@pytest.mark.slow
def test_a_name_that_is_no_video_is_an_error_that_says_which_there_are(films, tmp_path):
    init_project(tmp_path, [str(films)], [str(films)])
    code, output = run(tmp_path, "-s", ROOT / "Snakefile", "-d", tmp_path, "-n", "results/tracks/nobody.parquet")
    assert code != 0
    assert "nobody: no video of the configuration has this name; there are ['ants_001', 'ants_002']" in output


@pytest.mark.slow
def test_a_folder_that_cannot_hold_logs_is_told_in_a_sentence(films, tmp_path):
    init_project(tmp_path, [str(films)], [str(films)])
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "logs").touch()
    code, output = run(tmp_path, "-s", ROOT / "Snakefile", "-d", tmp_path, "results/videos/ants_001.mp4")
    assert code != 0
    assert "results/logs" in output


@pytest.mark.slow
def test_failures_are_listed_at_the_end_and_others_go_on(films, tmp_path):
    init_project(tmp_path, [str(films)], [str(films)])
    config = tmp_path / "config.yaml"
    config.write_text(config.read_text().replace("labels:", '  - "broken.mp4"\nlabels:', 1))
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    targets = [f"results/videos/{name}.mp4" for name in ("broken", "ants_001", "ants_002")]
    code, output = run(tmp_path, "-s", ROOT / "Snakefile", "-d", tmp_path, *targets)
    assert code != 0
    told = output[output.index("1 job failed; all that does not need it is done:") :]
    assert "preprocess broken: broken.mp4: expected a video" in told
    assert "log: results/logs/preprocess/broken.log" in told
    assert (tmp_path / "results" / "videos" / "ants_002.mp4").exists()
    rows = {row.name: row for row in project_status_in(tmp_path)}
    assert {name: row.state for name, row in rows.items()} == {
        "broken": "failed",
        "ants_001": "done",
        "ants_002": "done",
    }
    assert rows["broken"].log == "results/logs/preprocess/broken.log"


def project_status_in(folder):
    with contextlib.chdir(folder):
        return project_status("results")


@pytest.mark.slow
def test_of_a_finished_project_every_row_is_done(project):
    assert not list((project / "results" / HEARTBEATS).rglob("*.json"))
    rows = project_status_in(project)
    assert {row.name for row in rows} == {
        "ants_001",
        "ants_002",
        "base/centroid",
        "base/centered_instance",
        "all videos",
    }
    assert {row.state for row in rows} == {"done"}


@pytest.mark.slow
def test_every_job_of_the_plan_has_a_record_that_names_its_outputs(project, monkeypatch):
    monkeypatch.chdir(project)
    recorded = {file["path"] for record in read_records("results") for file in record.outputs}
    for job in read_plan("results"):
        for output in job.outputs:
            below = [path.as_posix() for path in Path(output).rglob("[!.]*") if path.is_file()]
            assert set(below or [output]) <= recorded, f"{job.rule}: {output}"
    for record in read_records("results"):
        assert record.params["code"].startswith("antpipe."), record.rule
        assert record.rule in {job.rule for job in read_plan("results")}, "logs are named after their rules"


@pytest.mark.slow
def test_a_table_explains_itself_back_to_the_films(project, monkeypatch):
    monkeypatch.chdir(project)
    found = explain("results/export/ants_001.csv")
    assert (found.record.rule, found.state, found.code) == ("export", "same", "same")
    assert found.sections == ("export.coordinates",)
    # The films of a simulated project are results themselves.
    assert found.raw == []
    assert explain("results/report/summary.html").state == "same"


@pytest.mark.slow
def test_the_crate_describes_every_result(project):
    crate = json.loads((project / "results" / CRATE).read_text())
    files = {unquote(e["@id"]): e for e in crate["@graph"] if e["@type"] == "File"}
    assert {"export/ants_001.csv", "report/ants_001.png", "report/ants_002.mp4", "labels/audit/audit.html"} <= set(
        files
    )
    for name, entity in files.items():
        content = (project / "results" / name).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest(), name
