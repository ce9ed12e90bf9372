"""The labels of a project, merged and checked against its videos."""

import json

import pytest
import sleap_io as sio
from drawn_labels import contents, draw_film, draw_instance, draw_labels, draw_skeleton, draw_video, save

from antpipe.config.labels import MergeConfig
from antpipe.errors import ConfigError, LabelError
from antpipe.labels.glance import check_labels
from antpipe.labels.on_video import place_frames
from antpipe.labels.project import merge_project
from antpipe.labels.read import read_labels
from antpipe.labels.split import split_labels
from antpipe.labels.videos import stored_path


@pytest.fixture(autouse=True)
def lab(tmp_path, monkeypatch):
    """A project with two films, which is also where the program runs."""
    for name in ("a", "b"):
        draw_film(tmp_path / "data" / f"{name}.mp4")
    monkeypatch.chdir(tmp_path)
    return tmp_path


VIDEOS = {"a": "data/a.mp4", "b": "data/b.mp4"}


def merge(*labels, videos=VIDEOS, **config):
    """Draw label files {name: labels}, merge them, and return the result and the report."""
    paths = [str(save(drawn, path)) for path, drawn in labels]
    merge_project(paths, "results/merged.slp", "results/merge.json", MergeConfig(**config), videos)
    with open("results/merge.json") as file:
        return read_labels("results/merged.slp"), json.load(file)


def test_label_files_become_one_and_their_videos_are_the_projects(lab):
    labels, report = merge(
        (lab / "one.slp", draw_labels({0: [1.0], 1: [2.0]}, video="D:/films/A.mp4")),
        (lab / "two.slp", draw_labels({1: [2.0], 4: []}, video="/Users/x/a.avi")),
        (lab / "three.slp", draw_labels({2: [3.0]}, video=f"{lab}/data/b.mp4")),
    )
    assert [len(v["in"]) for v in report["videos"]] == [1, 1, 1]
    assert [(k[0], k[1], len(k[2])) for k in contents(labels)] == [
        ("A.mp4", 0, 1),
        ("A.mp4", 1, 1),
        ("a.avi", 1, 1),
        ("a.avi", 4, 0),
        ("b.mp4", 2, 1),
    ]
    assert [stored_path(v) for v in labels.videos] == ["D:/films/A.mp4", "/Users/x/a.avi", "data/b.mp4"]
    assert report["missing_videos"] == []


def test_settings_reach_the_merge(lab):
    one = draw_labels({0: [1.0]})
    two = draw_labels({0: [9.0]}, skeleton=draw_skeleton(nodes=("head", "thorax", "end"), edges=[]))
    files = ((lab / "one.slp", one), (lab / "two.slp", two))
    labels, report = merge(*files, on_conflict="keep-last", map_nodes={"two.slp": {"end": "tail"}})
    assert (len(labels[0].instances), report["conflicts"][0]["resolved_by"]) == (1, "keep-last")
    assert labels[0].instances[0]["head"]["xy"].tolist() == [9, 9]
    with pytest.raises(LabelError, match="1 frames are labelled differently"):
        merge(*files, map_nodes={"two.slp": {"end": "tail"}})


def test_missing_videos_are_named_once_with_what_needs_them(lab):
    skeleton = draw_skeleton()
    films = [draw_video(f"D:/films/{name}") for name in ("c.mp4", "a.mp4", "never labelled.mp4", "d.mp4")]
    frames = [sio.LabeledFrame(film, 3, [draw_instance(skeleton)]) for film in (films[0], films[1], films[3])]
    one = (lab / "one.slp", sio.Labels(frames, videos=films, skeletons=[skeleton]))
    two = (lab / "two.slp", draw_labels({0: [1.0], 1: [1.0]}, video="D:/films/c.mp4"))
    with pytest.raises(LabelError) as caught:
        merge(one, two)
    assert str(caught.value) == (
        "one.slp, two.slp: expected videos 'c.mp4' (labelled as 'D:/films/c.mp4', 1 frame of one.slp, 2 frames of "
        "two.slp), 'd.mp4' (labelled as 'D:/films/d.mp4', 1 frame of one.slp) among the project's videos, but there "
        "are only ['a.mp4', 'b.mp4']; add them to the project, or say where they are with merge.search or "
        "merge.prefixes"
    )
    assert not (lab / "results").exists()
    with pytest.raises(LabelError, match=r"two.slp: labels of the videos 'c.mp4', 'd.mp4', which are not among"):
        check_labels([str(lab / "one.slp"), str(lab / "two.slp")], VIDEOS, ())


def test_a_renamed_video_is_found_by_its_prefix(lab):
    one = (lab / "one.slp", draw_labels({2: [1.0]}, video="D:/films/GX01.mp4"))
    prefixes = {"D:/films/GX01.mp4": "data/b.mp4"}
    with pytest.raises(LabelError, match=r"'GX01.mp4', which is not among the project's videos \['a', 'b'\]; add it"):
        check_labels([str(save(one[1], one[0]))], VIDEOS, ())
    check_labels([str(one[0])], VIDEOS, (), MergeConfig(prefixes=prefixes))
    labels, report = merge(one, prefixes=prefixes)
    assert sio.load_slp("results/merged.slp", open_videos=False).videos[0].filename == "../data/b.mp4"
    assert report["videos"][0]["in"][0]["found_by"] == "prefix"
    (placed,) = place_frames(labels, split_labels(labels).folds[0].train, {"b": lab / "data" / "b.mp4"})
    assert (placed.video, placed.frame_idx) == ("b", 2)


def test_search_folders_must_be_there(lab):
    with pytest.raises(ConfigError, match=r"merge.search: expected folders, but \['films'\] are none"):
        merge((lab / "one.slp", draw_labels({2: [1.0]})), search=["data", "films"])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (lambda: draw_labels({0: []}, predicted={0: [1.0]}), "expected user instances in"),
        (lambda: sio.Labels(), "one.slp: expected labels with a skeleton"),
    ],
)
def test_labels_that_cannot_serve_are_refused(lab, labels, message):
    with pytest.raises(LabelError, match=message):
        merge((lab / "one.slp", labels()))


def test_embedded_images_give_way_to_a_film_of_the_project_only(lab):
    video = sio.load_video("data/a.mp4")
    skeleton = draw_skeleton()
    labels = sio.Labels([sio.LabeledFrame(video, 3, [draw_instance(skeleton)])], videos=[video], skeletons=[skeleton])
    labels.save("one.pkg.slp", embed=True, verbose=False)
    (lab / "data" / "a.mp4").rename(lab / "data" / "elsewhere")
    for videos, kept in ((VIDEOS, False), ({"b": "data/b.mp4"}, True)):
        merge_project(["one.pkg.slp"], "merged.slp", "merge.json", MergeConfig(), videos)
        merged = read_labels("merged.slp")
        (placed,) = place_frames(merged, [("a.mp4", 3)], {"a": lab / "data" / "a.mp4"})
        assert placed.embedded == kept


def write_sidecar(film, **values):
    sidecar = {"keeps_frame_numbers": True, "first_raw_frame": 0, "to_raw": {"scale": [2.0, 2.0], "offset": [0, 0]}}
    film.with_suffix(".json").write_text(json.dumps({**sidecar, **values}))


@pytest.mark.parametrize(
    ("stored", "shape", "raw", "preprocessed"),
    [
        ("data/a.mp4", None, "data/a.mp4", False),  # the file itself
        ("results/videos/a.mp4", None, "data/a.mp4", True),
        ("D:/lab/results/videos/a.mp4", None, "videos/a.mp4", True),  # more of the path in common
        ("D:/lab/videos/a.mp4", None, "films/videos/a.mp4", False),  # as much in common: raw
        ("D:/lab/videos/a.mp4", None, "films/a.mp4", True),
        ("D:/lab/a.mp4", None, "films/a.mp4", False),
        ("D:/lab/a.mp4", (6, 12, 16, 1), "films/a.mp4", True),  # the size of the frames tells
        ("D:/lab/videos/a.mp4", (6, 24, 32, 1), "films/a.mp4", False),
    ],
)
def test_labels_of_the_raw_and_of_the_preprocessed_video_are_told_apart(lab, stored, shape, raw, preprocessed):
    film = draw_film(lab / "results" / "videos" / "a.mp4")
    write_sidecar(
        film, source={"path": raw, "width": 32, "height": 24}, output={"path": str(film), "width": 16, "height": 12}
    )
    labels = draw_labels({2: [8.0]}, video=stored)
    if shape:
        labels.videos[0].backend_metadata["shape"] = shape
    (placed,) = place_frames(labels, [("a.mp4", 2)], {"a": film})
    assert placed.points[0, 0].tolist() == ([8, 8] if preprocessed else [4, 4])
