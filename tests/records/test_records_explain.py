import hashlib
import io
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from rich.console import Console

from antpipe.errors import ConfigError
from antpipe.provenance import code_version
from antpipe.records import entries
from antpipe.records.crate import CRATE, write_crate
from antpipe.records.entries import input_entries
from antpipe.records.explain import explain
from antpipe.records.explain_text import print_explanation
from antpipe.records.origins import Origins
from antpipe.records.record import GRACE_S, read_records, write_record
from antpipe.records.sections import sections_of
from antpipe.records.task import Task


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A project of three jobs: a raw video is preprocessed, predicted, and drawn into a folder."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    folder = tmp_path / "a project"
    (folder / "data").mkdir(parents=True)
    monkeypatch.chdir(folder)
    write("data/film ü.mp4", b"raw")
    source = {"source": {"fingerprint": sha(b"raw")}}
    run("preprocess", {"data/film ü.mp4"}, {"videos/a.mp4": b"video", "videos/a.json": json.dumps(source).encode()})
    run("predict", {"results/videos/a.mp4"}, {"predictions/a.parquet": b"poses"}, code="antpipe.tracking.track@old")
    run("audit", {"results/predictions/a.parquet"}, {"audit/page one.html": b"page", "audit/b.png": b"png"}, "audit")
    return folder


def write(path, content):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content)


def sha(content):
    return hashlib.sha256(content).hexdigest()


def run(rule, inputs, outputs, output_folder=None, code=None):
    for name, content in outputs.items():
        write(f"results/{name}", content)
    names = [f"results/{output_folder}"] if output_folder else [f"results/{name}" for name in outputs]
    params = {
        "settings": {"window": 24, "deep": {"er": [1, 2]}},
        "code": code or code_version("antpipe.tracking.track"),
    }
    log = f"results/logs/{rule}/a.log"
    task = Task(log=log, wildcards={"video": "a"}, inputs=tuple(inputs), outputs=tuple(names), params=params, threads=2)
    write_record(task, 0.0)


def shown(explanation):
    text = io.StringIO()
    print_explanation(explanation, Console(file=text, width=160))
    return text.getvalue()


def test_a_task_is_what_a_script_finds_in_snakemake():
    class Named(list):
        def items(self):
            return {"video": "a"}.items()

    snakemake = SimpleNamespace(
        log=["results/logs/track/a.log"],
        wildcards=Named(),
        input=["p"],
        output=["t"],
        params=Named(),
        threads=4,
    )
    task = Task.of(snakemake)
    assert (task.rule, task.wildcards, task.inputs, task.outputs) == ("track", {"video": "a"}, ("p",), ("t",))


def test_a_record_names_files_with_their_fingerprints_settings_code_and_versions():
    record = next(record for record in read_records("results") if record.rule == "preprocess")
    assert record.outputs[0] == {"path": "results/videos/a.mp4", "size": 5, "sha256": sha(b"video")}
    assert (record.inputs[0]["path"], record.inputs[0]["sha256"]) == ("data/film ü.mp4", sha(b"raw"))
    assert record.params["settings"] == {"window": 24, "deep": {"er": [1, 2]}}
    assert record.date == "2023-11-14"
    assert {"python", "antpipe", "numpy"} <= set(record.versions)
    audit = next(record for record in read_records("results") if record.rule == "audit")
    assert [file["path"] for file in audit.outputs] == ["results/audit/b.png", "results/audit/page one.html"]


def test_a_setting_that_json_does_not_know_stops_no_job():
    task = Task(log="results/logs/x.log", wildcards={}, inputs=(), outputs=(), params={"a": Path("b")}, threads=1)
    write_record(task, 0.0)
    assert next(record for record in read_records("results") if record.rule == "x").params == {"a": "b"}


def test_a_folder_that_cannot_be_written_stops_no_job(capsys):
    shutil.rmtree("results/records")
    Path("results/records").touch()
    run("track", {"results/predictions/a.parquet"}, {"tracks/a.parquet": b"tracks"})
    assert "no record is kept of this job" in capsys.readouterr().err


def test_an_explanation_leads_back_to_the_users_files():
    found = explain("results/predictions/a.parquet")
    assert (found.record.rule, found.state, found.fingerprint) == ("predict", "same", sha(b"poses"))
    assert found.inputs == [("results/videos/a.mp4", "same", sha(b"video"))]
    assert found.raw == ["data/film ü.mp4"]
    assert found.sections == ("predict",)
    text = shown(found)
    for part in ("predict a, on 2023-11-14", "settings.deep.er: [1, 2]", "`predict` in config.yaml", sha(b"poses")):
        assert part in text


@pytest.mark.parametrize(("change", "state"), [(b"VIDEO", "changed"), (b"longer video", "changed"), (None, "gone")])
def test_what_has_changed_since_is_said(change, state):
    path = Path("results/videos/a.mp4")
    path.unlink()
    if change is not None:
        path.write_bytes(change)
    assert [known for _, known, _ in explain("results/predictions/a.parquet").inputs] == [state]
    if change is not None:
        assert explain("results/videos/a.mp4").state == "changed"


def test_changed_code_is_said():
    assert explain("results/videos/a.mp4").code == "same"
    assert explain("results/predictions/a.parquet").code == "changed"
    run("track", set(), {"t": b""}, code="antpipe.of.another.version@1234")
    assert explain("results/t").code == "unknown"
    assert "not known here" in shown(explain("results/t"))


def test_a_new_date_alone_is_no_change():
    # Snakemake gives each output a new time when its job is over.
    os.utime("results/predictions/a.parquet")
    assert explain("results/predictions/a.parquet").state == "same"
    assert [state for _, state, _ in explain("results/audit/b.png").inputs] == ["same"]


def test_a_copy_is_known_by_its_content(tmp_path):
    copy = tmp_path / "sent by mail.parquet"
    shutil.copy("results/predictions/a.parquet", copy)
    with pytest.raises(ConfigError, match=r"lies in no folder of results; name the folder .* with --results"):
        explain(copy)
    assert explain(copy, "results").path == "results/predictions/a.parquet"
    copy.write_bytes(b"another")
    with pytest.raises(ConfigError, match=r"no job of .* made this file, nor one with the same content"):
        explain(copy, "results")


def test_a_project_that_was_moved_explains_itself(project, tmp_path, monkeypatch):
    project.rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    found = explain("moved/results/audit/page one.html")
    assert (found.record.rule, found.state) == ("audit", "same")
    assert found.raw == ["data/film ü.mp4"]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda: Path("results/records/predict/a.json").write_text("{"), "expected a job's record as this version of"),
        (lambda: Path("results/records/predict/a.json").write_text('{"rule": "predict"}'), "expected a job's record"),
        (lambda: shutil.rmtree("results/records") or Path("results/records").mkdir(), "there are none in it"),
        (lambda: shutil.rmtree("results/records"), "lies in no folder of results"),
    ],
)
def test_what_cannot_be_explained_is_an_error_that_says_why(prepare, message):
    prepare()
    with pytest.raises(ConfigError, match=message):
        explain("results/predictions/a.parquet")


def test_the_hashes_of_videos_are_taken_from_their_sidecars(monkeypatch):
    videos = {"source": ("data/film ü.mp4", b"raw"), "output": ("results/videos/a.mp4", b"video")}
    sidecar = {
        part: {"path": path, "fingerprint": f"hash of {part}", "size_bytes": len(content)}
        for part, (path, content) in videos.items()
    }
    write("results/videos/a.json", json.dumps({**sidecar, "to_raw": {}}).encode())
    read = []
    monkeypatch.setattr(entries, "fingerprint", lambda path: read.append(path) or "read")
    found = input_entries(["data/film ü.mp4", "results/videos/a.json"], ["results/videos/a.mp4"])
    assert [entry["sha256"] for entry in found] == ["hash of source", "read"]
    assert input_entries(["results/videos/a.mp4"], [])[0]["sha256"] == "hash of output"
    assert read == ["results/videos/a.json"]
    write("results/videos/a.mp4", b"another video")
    assert input_entries(["results/videos/a.mp4"], [])[0]["sha256"] == "read", "the sidecar is of another video"


def test_of_very_much_input_the_makers_tell_the_hashes(monkeypatch):
    monkeypatch.setattr(entries, "MOST_READ", 3)
    run("track", ["results/predictions/a.parquet", "data/film ü.mp4"], {"tracks/a.parquet": b"tracks"})
    found = explain("results/tracks/a.parquet")
    assert [entry["sha256"] for entry in found.record.inputs] == [None, None]
    assert found.inputs[0] == ("results/predictions/a.parquet", "same", sha(b"poses"))
    write("results/predictions/a.parquet", b"POSES")
    assert explain("results/tracks/a.parquet").inputs[0][1] == "changed"
    Path("results/predictions/a.parquet").unlink()
    assert explain("results/tracks/a.parquet").inputs[0][1:] == ("gone", None)


def test_fingerprints_are_taken_from_records_and_only_changed_files_are_read_again(monkeypatch):
    read = []
    monkeypatch.setattr("antpipe.records.origins.fingerprint", lambda path: read.append(str(path)) or "read")
    origins = Origins(read_records("results"))
    assert origins.fingerprint("results/videos/a.mp4") == sha(b"video")
    assert origins.fingerprint("data/film ü.mp4") == sha(b"raw"), "the job that read it has told"
    assert read == []
    later = Path("results/records/preprocess/a.json").stat().st_mtime + GRACE_S + 10
    os.utime("results/videos/a.mp4", (later, later))
    assert origins.fingerprint("results/videos/a.mp4") == "read"
    write("data/film ü.mp4", b"another")
    assert origins.fingerprint("data/film ü.mp4") == "read"
    Path("data/film ü.mp4").unlink()
    assert origins.fingerprint("data/film ü.mp4") is None


@pytest.mark.parametrize(
    ("rule", "sections"),
    [
        ("track", ("track", "stitch")),
        ("train", ("models", "grid", "split.folds", "seed")),
        ("draw", ("report", "features")),
        ("export", ("export.coordinates",)),
        ("features", ("features",)),
        ("simulate", ("simulate",)),
        ("audit", ()),
        ("of_another_workflow", ()),
    ],
)
def test_the_sections_of_a_rule_are_those_among_its_params(rule, sections):
    assert sections_of(rule) == sections


def graph():
    write_crate("results", "antpipe: base")
    crate = json.loads(Path("results", CRATE).read_text(encoding="utf-8"))
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    ids = [entity["@id"] for entity in crate["@graph"]]
    assert len(ids) == len(set(ids))
    return {entity["@id"]: entity for entity in crate["@graph"]}


def test_the_crate_has_what_ro_crate_asks_of_it():
    found = graph()
    assert found[CRATE]["about"] == {"@id": "./"}
    assert found[CRATE]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = found["./"]
    assert root["@type"] == "Dataset"
    assert root["datePublished"] == "2023-11-14"
    for part in (*root["hasPart"], *root["mentions"]):
        assert part["@id"] in found


def test_the_crate_describes_every_file_and_what_made_it():
    found = graph()
    files = {name: entity for name, entity in found.items() if entity["@type"] == "File"}
    assert {unquote(name) for name in files} == {
        "videos/a.mp4",
        "videos/a.json",
        "predictions/a.parquet",
        "audit/page one.html",
        "audit/b.png",
    }
    for name, entity in files.items():
        content = Path("results", unquote(name)).read_bytes()
        assert (entity["sha256"], entity["contentSize"]) == (sha(content), str(len(content)))
    assert files["audit/page%20one.html"]["encodingFormat"] == "text/html"
    action = found["#predict%20a"]
    assert (action["object"], action["result"]) == ([{"@id": "videos/a.mp4"}], [{"@id": "predictions/a.parquet"}])
    (raw,) = [entity for entity in found.values() if entity["@type"] == "CreativeWork" and entity["@id"] != CRATE]
    assert (raw["name"], raw["sha256"]) == ("film ü.mp4", sha(b"raw"))
    assert found["#preprocess%20a"]["object"] == [{"@id": raw["@id"]}]


def test_two_crates_of_one_day_are_the_same_bytes():
    graph()
    first = Path("results", CRATE).read_bytes()
    os.utime("results/videos/a.mp4")
    graph()
    assert Path("results", CRATE).read_bytes() == first
