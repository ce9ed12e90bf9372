import io
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from drawn_project import POSE, draw_labels
from rich.console import Console

from antpipe.config.project import parse_config
from antpipe.projects.check import check_project
from antpipe.projects.checks import disk, gpu
from antpipe.projects.project import Project
from antpipe.projects.registry import CHECKS
from antpipe.projects.table import print_notes

CONFIG = {"videos": "films/*.mp4", "labels": "labels/*.slp"}


def configure(**changes):
    Path("config.yaml").write_text(yaml.safe_dump({**CONFIG, **changes}))


def check(**changes):
    configure(**changes)
    return check_project(".")


def texts(notes, state):
    return [f"{note.about}: {note.text}" for note in notes if note.state == state]


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_is_content_with_a_good_project(lab, name):
    notes = list(CHECKS[name](Project(parse_config(CONFIG))))
    assert [note for note in notes if note.state != "ok"] == []
    assert {note.about for note in notes} == {name}


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_is_content_with_simulated_films(lab, name):
    assert [note for note in CHECKS[name](Project(parse_config({}))) if note.state != "ok"] == []


def test_a_good_project_is_told_in_figures(lab):
    notes = check()
    assert texts(notes, "error") == texts(notes, "warning") == []
    told = "\n".join(texts(notes, "ok"))
    assert "videos: 2 videos, 120 frames, 0:00:12; 64x48 pixels, 10 fps" in told
    assert "labels: 1 file, 50 labelled frames, 150 animals of 3 nodes" in told
    # The longest animal is 22 pixels long; 16 more, up to a multiple of 16.
    assert "crop: windows of centered_instance are 48 pixels wide" in told


def test_nothing_is_written(lab):
    configure()
    before = sorted(path for path in lab.rglob("*"))
    check_project(".")
    assert sorted(path for path in lab.rglob("*")) == before


def truncated(lab):
    path = lab / "films" / "one.mp4"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def other_skeleton(lab):
    draw_labels(lab / "labels" / "second.slp", nodes=("head", "thorax", "gaster"))


def strange_animal(lab):
    draw_labels(lab / "labels" / "second.slp", videos=["two.mp4"], frames=1, pose=POSE * 6, animals=1)
    Path("labels/first.slp").unlink()
    draw_labels(lab / "labels" / "first.slp", videos=["one.mp4"])


def one_more(name):
    return lambda lab: shutil.copy(lab / "films" / "one.mp4", lab / "films" / name)


def film_of(content):
    return lambda lab: (lab / "films" / "x.mp4").write_bytes(content)


def no_results(lab):
    (lab / "results").touch()


BIG = {"models": {"centroid": {}, "centered_instance": {"input": {"crop_size": 80}}}}
ANCHOR = {"models": {"centroid": {"head": {"anchor_part": "nose"}}}}
TAIL = {"models": {name: {"head": {"anchor_part": "tail"}} for name in ("centroid", "centered_instance")}}
APART = {
    "models": {
        name: {"head": {"anchor_part": part}} for name, part in (("centroid", "head"), ("centered_instance", "thorax"))
    }
}


@pytest.mark.parametrize(
    ("prepare", "changes", "state", "text"),
    [
        (None, {"tracc": {}}, "error", "configuration: config.yaml: tracc: unknown key; did you mean 'track'?"),
        (None, {"videos": "nowhere/*"}, "error", "configuration: videos: no file matches 'nowhere/*'"),
        (one_more("ONE.avi"), {"videos": "films/*"}, "error", "configuration: videos: 'films/ONE.avi' and"),
        (film_of(b"hello"), {}, "error", "videos: films/x.mp4: expected a video"),
        (film_of(b""), {}, "error", "videos: films/x.mp4: the video is empty (0 bytes)"),
        (truncated, {}, "warning", "videos: films/one.mp4: the end of the video, at 6.0 s, cannot be decoded; copy"),
        (None, {"videos": "films/one.mp4"}, "error", "labels: labels/first.slp: labels of the video 'two.mp4'"),
        (lambda lab: (lab / "labels" / "b.slp").touch(), {}, "error", "labels: labels/b.slp: expected a whole"),
        (other_skeleton, {}, "error", "labels: "),
        (None, ANCHOR, "error", "configuration: models: unknown nodes ['nose'] in head.anchor_part or part_names"),
        (None, TAIL, "warning", "anchor: tail shows in 67% of the labelled animals; thorax shows in 100%, choose it"),
        (None, APART, "warning", "anchor: models have different anchor parts"),
        (None, {"split": {"by": "video"}}, "error", "labels: split by video: expected at least 3 labelled videos"),
        (None, BIG, "error", "crop: windows of centered_instance are 80 pixels wide, more than a frame (64)"),
        (None, {"preprocess": {"crop": [60, 40, 10, 0]}}, "error", "crop: films/one.mp4: preprocess.crop asks"),
        (strange_animal, {}, "warning", "crop: the longest animal, in frame 0 of two.mp4, is 132 pixels"),
        (no_results, {}, "error", "folder: "),
        (None, {"features": {"centre": "wing"}}, "error", "configuration: "),
    ],
)
def test_what_is_wrong_is_said_with_the_way_out(lab, prepare, changes, state, text):
    if prepare is not None:
        prepare(lab)
    found = texts(check(**changes), state)
    assert [note for note in found if note.startswith(text)], found


def test_a_broken_label_file_is_told_once(lab):
    (lab / "labels" / "b.slp").write_bytes(b"not HDF5")
    assert len(texts(check(), "error")) == 1


def test_few_labels_are_a_warning(lab):
    (lab / "labels" / "first.slp").unlink()
    draw_labels(lab / "labels" / "few.slp", frames=4)
    (few,) = [text for text in texts(check(), "warning") if text.startswith("labels")]
    assert "8 labelled frames with 24 animals are few; label 20 frames per video and 100 animals in all" in few


def test_a_node_that_no_animal_shows_is_a_warning(lab):
    pose = POSE.copy()
    pose[0] = np.nan
    (lab / "labels" / "first.slp").unlink()
    draw_labels(lab / "labels" / "headless.slp", pose=pose)
    assert "labels: no animal shows head; nothing can be learned of them" in texts(check(), "warning")


def test_room_is_compared_with_an_estimate(lab, monkeypatch):
    project = Project(parse_config({**CONFIG, "export": {"formats": ["csv"]}, "report": {"overlay_seconds": 1.0}}))
    video = project.sound_videos["one"]
    # 60 frames and 10 drawn ones, and for 3 animals of 3 nodes in each frame three tables and one as text.
    pixels, rows = 70 * 64 * 48 * disk.BITS_PER_PIXEL / 8, 60 * 9 * (3 * 17 + 140)
    assert disk.estimate_bytes(project, video) == pytest.approx(pixels + rows)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    (note,) = texts(check(), "warning")
    assert note.startswith("disk: results will take about 0.0 GB, 0.0 GB are free; make room")


def test_without_ffmpeg_nothing_works(lab, monkeypatch):
    monkeypatch.setenv("ANTPIPE_FFMPEG", "no-such-program")
    (note,) = texts(check(), "error")
    assert note == "ffmpeg: ANTPIPE_FFMPEG=no-such-program: expected a program; mend or unset it"


@pytest.mark.parametrize(
    ("ids", "missing", "text"),
    [
        ("", (), "ok gpu none found; networks run on the processor"),
        ("0,1", (), "ok gpu 2 found"),
        ("0", ("nvidia-x",), "warning gpu 1 found, but TensorFlow's libraries for it are not installed with pip"),
    ],
)
def test_gpus_are_told_without_tensorflow(monkeypatch, ids, missing, text):
    monkeypatch.setenv("ANTPIPE_GPUS", ids)
    monkeypatch.setattr(gpu, "_gpu_libraries", lambda: ["nvidia-x"])
    monkeypatch.setattr(gpu, "_is_installed", lambda name: name not in missing)
    (note,) = gpu.check_gpu(Project(parse_config({})))
    assert f"{note.state} {note.about} {note.text}".startswith(text)


def test_the_libraries_that_tensorflow_needs_for_gpus_are_known():
    if gpu._is_installed("tensorflow"):
        assert all(name.startswith("nvidia-") for name in gpu._gpu_libraries())
        assert len(gpu._gpu_libraries()) > 5


def test_the_table_has_errors_in_front_and_counts_them(lab):
    (lab / "films" / "x [1].mp4").touch()
    text = io.StringIO()
    print_notes(check(), Console(file=text, width=200))
    lines = text.getvalue().splitlines()
    assert lines[0].startswith("error  videos")
    assert "films/x [1].mp4: the video is empty" in lines[0]
    assert lines[-1].startswith("1 error, 0 warning, ")
