import re

import numpy as np
import pytest
import sleap_io as sio
from drawn_labels import NODES, draw_instance, draw_labels, draw_skeleton, draw_video, save

from antpipe.errors import LabelError
from antpipe.labels.project_videos import find_videos
from antpipe.labels.read import instance_points, labelled_frames, read_labels, skeleton_of, user_points
from antpipe.labels.videos import file_name, match_path, stored_path, video_keys
from antpipe.labels.write import write_labels
from antpipe.poses import Skeleton


def test_a_written_file_reads_back_and_never_opens_its_videos(tmp_path):
    path = save(draw_labels({3: [0.0, 50.0], 7: []}), tmp_path / "ants é 'x'.slp")
    labels = read_labels(path)
    assert [f.frame_idx for f in labels] == [3, 7]
    assert [f.frame_idx for f in labelled_frames(labels)] == [3]
    assert labels.videos[0].backend is None
    assert stored_path(labels.videos[0]) == "D:/videos/a.mp4"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "label file not found"),
        (b"", "the file is empty"),
        (b"not hdf5 at all", "this is not HDF5"),
    ],
)
def test_what_is_no_label_file_is_refused(tmp_path, content, message):
    path = tmp_path / "bad.slp"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabelError, match=message):
        read_labels(path)


def test_a_file_cut_short_or_without_metadata_is_refused(tmp_path):
    import h5py

    whole = save(draw_labels({0: [1.0]}), tmp_path / "whole.slp")
    short = tmp_path / "short.slp"
    short.write_bytes(whole.read_bytes()[:9000])
    other = tmp_path / "other.slp"
    with h5py.File(other, "w") as file:
        file["x"] = [1, 2]
    for path in (short, other):
        with pytest.raises(LabelError, match=rf"{path.name}: expected a whole SLEAP label file"):
            read_labels(path)


def test_points_come_in_the_skeletons_order_and_invisible_ones_are_nan():
    skeleton = draw_skeleton(nodes=("tail", "head", "thorax"))
    instance = draw_instance(skeleton, 5.0)
    instance.points["visible"][skeleton.index("head")] = False
    points = instance_points(instance, Skeleton(nodes=(*NODES, "antenna")))
    np.testing.assert_array_equal(points, [[np.nan] * 2, [15, 5], [25, 5], [np.nan] * 2])


def test_user_points_leave_predictions_out_and_keep_unseen_animals():
    labels = draw_labels({0: [0.0, 40.0]}, predicted={0: [90.0]})
    labels[0].instances[1].points["visible"] = False
    points = user_points(labels[0], skeleton_of(labels))
    assert points.shape == (2, 3, 2)
    assert np.isnan(points[1]).all()
    assert user_points(sio.LabeledFrame(labels.videos[0], 9), skeleton_of(labels)).shape == (0, 3, 2)


def test_skeleton_of_takes_the_one_in_use():
    labels = draw_labels({0: [0.0]})
    labels.skeletons.append(draw_skeleton(nodes=("x", "y"), edges=[]))
    assert skeleton_of(labels) == Skeleton(nodes=NODES, edges=(("head", "thorax"), ("thorax", "tail")))


def test_several_different_skeletons_are_refused_and_their_nodes_named():
    labels = draw_labels({0: [0.0]})
    other = draw_skeleton(nodes=("head", "belly"), edges=[])
    labels[0].instances.append(draw_instance(other))
    labels.skeletons.append(other)
    with pytest.raises(LabelError, match=re.escape("first: ['tail', 'thorax'], only in another: ['belly']")):
        skeleton_of(labels)
    with pytest.raises(LabelError, match="expected labels with a skeleton"):
        skeleton_of(sio.Labels())


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("/data/cam1/film.mp4", ["one"]),  # the place wins over the shared name
        ("D:\\films\\Trial 1.MP4", ["two"]),  # file name in another case, Windows path
        ("/else/trial 1.avi", ["two"]),  # stem
        ("film.mp4", ["one", "three"]),  # ambiguous
        ("/raw/GX010.MOV", ["two"]),  # alias
        ("Cafe\u0301.mp4", ["four"]),  # letters and accents apart, as macOS stores them
        ("unknown.mp4", []),
    ],
)
def test_match_path(wanted, expected):
    choices = {
        "one": ["/data/cam1/film.mp4"],
        "two": ["/data/Trial 1.mp4", "/raw/GX010.mov"],
        "three": ["/data/cam2/film.mp4"],
        "four": ["/data/Café.mp4"],
    }
    assert match_path(wanted, choices) == expected


@pytest.mark.parametrize(
    ("path", "name"), [("a/b.mp4", "b.mp4"), ("C:\\x\\y z.mp4", "y z.mp4"), ("D:/x\\mixed.mp4", "mixed.mp4")]
)
def test_file_name_of_any_system(path, name):
    assert file_name(path) == name


def test_find_videos_maps_labels_to_the_projects_videos(tmp_path):
    labels = draw_labels({0: [0.0]}, video="D:\\Chrome Downloads\\Col210.mp4")
    labels.videos.append(draw_video("/never/labelled.mp4"))
    assert find_videos(labels, {"col": tmp_path / "Col210.mp4"}) == {0: "col"}
    assert find_videos(labels, {"p": tmp_path / "p.mp4"}, {"p": [tmp_path / "raw" / "col210.mov"]}) == {0: "p"}


def test_find_videos_says_what_is_missing_and_what_there_is(tmp_path):
    labels = draw_labels({0: [0.0]}, video="D:/x/Col210.mp4")
    with pytest.raises(LabelError, match=r"video 'Col210.mp4' .*there are only \['other.mp4'\]; add it to the project"):
        find_videos(labels, {"o": tmp_path / "other.mp4"})
    with pytest.raises(LabelError, match=r"could be any of the project's \['a', 'b'\]"):
        find_videos(labels, {"a": tmp_path / "a" / "Col210.mp4", "b": tmp_path / "b" / "Col210.mp4"})


def test_two_labelled_videos_cannot_be_one_of_the_project(tmp_path):
    skeleton = draw_skeleton()
    films = [draw_video("/cam1/film.mp4"), draw_video("/cam2/film.mp4")]
    frames = [sio.LabeledFrame(film, 0, [draw_instance(skeleton)]) for film in films]
    labels = sio.Labels(labeled_frames=frames, videos=films, skeletons=[skeleton])
    with pytest.raises(LabelError, match="would all be the project's video 'film'"):
        find_videos(labels, {"film": tmp_path / "film.mp4"})
    assert video_keys(labels) == ["/cam1/film.mp4", "/cam2/film.mp4"]
    labels.labeled_frames.pop()
    assert find_videos(labels, {"film": tmp_path / "film.mp4"}) == {0: "film", 1: "film"}


def test_embedded_images_stay_readable_and_need_no_project_video(shared_data):
    labels = read_labels(shared_data / "formats" / "slp" / "minimal_instance.pkg.slp")
    assert labels.videos[0][0].shape == (384, 384, 1)
    assert video_keys(labels) == ["centered_pair_low_quality.mp4"]
    assert find_videos(labels, {}) == {}
    assert find_videos(labels, {"pair": "films/centered_pair_low_quality.mp4"}) == {0: "pair"}


def test_the_same_labels_give_the_same_bytes(tmp_path):
    def draw():
        symmetries = [("head", "tail")]
        return draw_labels({i: [float(i)] for i in range(3)}, skeleton=draw_skeleton(symmetries=symmetries))

    files = []
    for i in range(4):  # sleap-io's own writing differs with the addresses of the nodes
        write_labels(tmp_path / f"{i}.slp", draw())
        files.append((tmp_path / f"{i}.slp").read_bytes())
    assert len(set(files)) == 1
    assert skeleton_of(read_labels(tmp_path / "0.slp")).symmetries == (("head", "tail"),)


@pytest.mark.parametrize("name", ["main", "col210", "col218_crop", "col429_crop"])
def test_real_label_files_read(shared_data, name):
    labels = read_labels(shared_data / "ants_labels" / "datasets" / f"{name}.v001.slp")
    skeleton = skeleton_of(labels)
    counts = {"main": (1581, 329), "col210": (182, 77), "col218_crop": (672, 225), "col429_crop": (7, 1)}
    points = np.concatenate([user_points(f, skeleton) for f in labelled_frames(labels)])
    assert (len(points), np.isnan(points[..., 0]).sum()) == counts[name]
