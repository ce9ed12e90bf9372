"""Videos in a merge: finding them, knowing them again, and what the result says of them."""

import json
import os
import shutil

import numpy as np
import pytest
import sleap_io as sio
from drawn_labels import draw_film, draw_instance, draw_labels, draw_skeleton, draw_video, save

from antpipe.config.labels import MergeConfig
from antpipe.errors import ConfigError, LabelError
from antpipe.labels.locate import Places, find_video
from antpipe.labels.merge import merge_files, merge_labels
from antpipe.labels.read import read_labels
from antpipe.labels.videos import stored_path


@pytest.fixture
def disk(tmp_path):
    """Files in a few folders, one with its accents stored apart as on macOS."""
    names = ("data/cam1/film.mp4", "data/cam2/film.mp4", "raw/Cafe\u0301 1.MP4", "labels/near.mp4", "raw/x.mp4")
    for name in (*names, "dataX/x.mp4", "outside/y.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


@pytest.mark.parametrize(
    ("stored", "found", "by"),
    [
        ("{}/raw/x.mp4", "raw/x.mp4", "stored path"),
        ("../raw/x.mp4", "raw/x.mp4", "stored path"),
        ("near.mp4", "labels/near.mp4", "stored path"),
        ("D:\\films\\cam2\\film.mp4", "data/cam2/film.mp4", "prefix"),
        ("d:/Films/cam1/film.mp4", "data/cam1/film.mp4", "prefix"),  # Windows knows no capitals
        ("/Users/ann/one.mp4", "raw/x.mp4", "prefix"),  # a whole path renames one video
        ("/Users/ann/two.mp4", None, None),
        ("/users/ann/one.mp4", None, None),
        ("D:/filmsX/x.mp4", "raw/x.mp4", "search folder"),  # a prefix ends where a folder ends
        ("E:/old/cam2/film.mp4", "data/cam2/film.mp4", "search folder"),  # as much of the path as fits
        ("/Volumes/Caf\u00e9 1.mp4", "raw/Cafe\u0301 1.MP4", "search folder"),
        ("E:/gone/near.mp4", "labels/near.mp4", "beside the labels"),
        ("E:/gone/film.mp4", None, None),
        ("../../../../../etc/passwd/x.mp4", "raw/x.mp4", "search folder"),
        ("E:/../outside/y.mp4", None, None),  # a label file does not lead out of the search folders
        ("https://films.org/x.avi", None, None),
        ("nul\0byte.mp4", None, None),
        ("x" * 5000, None, None),
        ("", None, None),
    ],
)
def test_a_stored_path_of_any_system_leads_to_the_file(disk, stored, found, by):
    places = Places(
        search=(str(disk / "data"), str(disk / "raw")),
        prefixes={"D:/films": f"{disk}/data/", "/Users/ann/one.mp4": f"{disk}/raw/x.mp4", "D:": "/nowhere"},
    )
    result = find_video(stored.format(disk), disk / "labels" / "a.slp", places)
    assert (result and result.by) == by
    if found:
        assert result.path.samefile(disk / found)
    else:
        assert result is None


def test_a_search_folder_that_is_not_there_is_said():
    with pytest.raises(ConfigError, match=r"merge.search: expected folders, but \['nowhere'\] are none"):
        Places.of(MergeConfig(search=["nowhere"]))


def test_the_result_names_found_videos_relative_to_itself_and_can_be_moved(disk, monkeypatch):
    save(draw_labels({1: [5.0]}, video="D:/films/x.mp4"), disk / "labels" / "a.slp")
    save(draw_labels({2: [5.0]}, video="D:/films/gone.mp4"), disk / "labels" / "b.slp")
    places = Places(search=(str(disk / "raw"),))
    paths = [disk / "labels" / name for name in ("a.slp", "b.slp")]
    report = merge_files(paths, disk / "out" / "merged.slp", places=places)
    stored = [v.filename for v in sio.load_slp(str(disk / "out" / "merged.slp"), open_videos=False).videos]
    assert stored == ["../raw/x.mp4", "D:/films/gone.mp4"]
    assert report["videos"][0]["in"] == [
        {
            "file": str(paths[0]),
            "path": "D:/films/x.mp4",
            "by": "first",
            "found": f"{disk}/raw/x.mp4",
            "found_by": "search folder",
        }
    ]
    assert report["missing_videos"] == [{"path": "D:/films/gone.mp4", "labelled_frames": {str(paths[1]): 1}}]
    shutil.move(disk, moved := disk.with_name("moved"))
    assert stored_path(read_labels(moved / "out" / "merged.slp").videos[0]) == f"{moved}/raw/x.mp4"
    monkeypatch.chdir(moved)
    assert stored_path(read_labels("out/merged.slp").videos[0]) == "raw/x.mp4"
    merge_files(["out/merged.slp"], "deeper/down/again.slp")
    assert sio.load_slp("deeper/down/again.slp", open_videos=False).videos[0].filename == "../../raw/x.mp4"


def test_missing_videos_are_listed_once_with_all_that_need_them(tmp_path):
    paths = [
        save(draw_labels({1: [5.0], 2: [], 3: [7.0]}, video="D:/films/gone.mp4"), tmp_path / "a.slp"),
        save(draw_labels({2: [5.0]}, video="/mac/gone.mp4"), tmp_path / "b.slp"),
        save(draw_labels({2: []}, video="/mac/never labelled.mp4"), tmp_path / "c.slp"),
    ]
    _, report = merge_labels(paths)
    needs = {str(paths[0]): 2, str(paths[1]): 1}
    assert report["missing_videos"] == [{"path": "D:/films/gone.mp4", "labelled_frames": needs}]


def matches(report):
    return [
        [{k: m[k] for k in ("by", "content", "not_the_same_as") if k in m} for m in v["in"]] for v in report["videos"]
    ]


def test_a_video_is_known_by_its_file_whatever_the_stored_path(disk, monkeypatch):
    (disk / "link").symlink_to(disk / "data")
    stored = [f"{disk}/data/cam1/film.mp4", f"{disk}/link/cam1/film.mp4", "D:\\films\\cam1\\film.mp4"]
    paths = [save(draw_labels({i: [5.0]}, video=v), disk / f"{i}.slp") for i, v in enumerate(stored)]
    places = Places(prefixes={"D:/films": f"{disk}/data"})
    merged, report = merge_labels(paths, places=places)
    assert len(merged.videos) == 1
    assert matches(report) == [[{"by": "first"}, {"by": "path"}, {"by": "path"}]]


def test_a_third_file_may_know_a_video_by_the_path_of_the_second(tmp_path):
    stored = ["D:/one.mp4", "/mac/ONE.mp4", "/mac/ONE.mp4"]
    paths = [save(draw_labels({i: [5.0]}, video=v), tmp_path / f"{i}.slp") for i, v in enumerate(stored)]
    assert matches(merge_labels(paths)[1]) == [[{"by": "first"}, {"by": "file name"}, {"by": "path"}]]


def label_films(folder, films):
    """One label file for each list of films, with one labelled frame in each of them."""
    paths = []
    for number, names in enumerate(films):
        skeleton = draw_skeleton()
        videos = [draw_video(str(folder / name)) for name in names]
        frames = [sio.LabeledFrame(v, number, [draw_instance(skeleton, float(i))]) for i, v in enumerate(videos)]
        paths.append(save(sio.Labels(frames, videos=videos, skeletons=[skeleton]), folder / f"{number}.slp"))
    return paths


@pytest.fixture
def films(tmp_path):
    """The same film under two names and in two codings, and others of its name, length and size."""
    one = draw_film(tmp_path / "a" / "one.mp4")
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    shutil.copy(one, tmp_path / "b" / "renamed.mp4")
    shutil.copy(one, tmp_path / "c" / "one.mp4")
    draw_film(tmp_path / "coded" / "one.mp4", crf=40)
    draw_film(tmp_path / "longer" / "one.mp4", frames=9)
    draw_film(tmp_path / "b" / "two.mp4", gray=10)
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub" / "one.mp4").touch()
    (tmp_path / "stub" / "two.mp4").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # another name: only the same bytes count, never the same length and size
        (
            [["a/one.mp4"], ["b/renamed.mp4"]],
            [[{"by": "first"}, {"by": "content", "content": "fingerprint"}]],
        ),
        ([["a/one.mp4"], ["b/two.mp4"]], [[{"by": "first"}], [{"by": "first"}]]),
        # the same name: the content confirms it, or refutes it
        ([["a/one.mp4"], ["c/one.mp4"]], [[{"by": "first"}, {"by": "file name", "content": "fingerprint"}]]),
        (
            [["a/one.mp4"], ["coded/one.mp4"]],
            [[{"by": "first"}, {"by": "file name", "content": "frame count and size"}]],
        ),
        (
            [["a/one.mp4"], ["longer/one.mp4"]],
            [[{"by": "first"}], [{"by": "first", "not_the_same_as": ["{}/a/one.mp4"]}]],
        ),
        ([["a/one.mp4"], ["gone/one.mp4"]], [[{"by": "first"}, {"by": "file name"}]]),
        # what cannot be read is neither confirmed nor refuted, and empty files are not all one film
        ([["a/one.mp4"], ["stub/one.mp4"]], [[{"by": "first"}, {"by": "file name"}]]),
        ([["stub/one.mp4"], ["stub/two.mp4"]], [[{"by": "first"}], [{"by": "first"}]]),
        # several of the name: the content decides
        (
            [["a/one.mp4", "longer/one.mp4"], ["c/one.mp4"]],
            [[{"by": "first"}, {"by": "file name", "content": "fingerprint"}], [{"by": "first"}]],
        ),
        (
            [["a/one.mp4", "coded/one.mp4"], ["c/one.mp4"]],
            [[{"by": "first"}, {"by": "content", "content": "fingerprint"}], [{"by": "first"}]],
        ),
    ],
)
def test_content_tells_videos_apart_where_names_do_not(films, files, expected):
    merged, report = merge_labels(label_films(films, files))
    found = matches(report)
    assert found == json.loads(json.dumps(expected).replace("{}", str(films)))
    assert len(merged.videos) == len(expected)


def test_videos_that_nothing_tells_apart_are_refused(films):
    paths = label_films(films, [["a/one.mp4", "coded/one.mp4"], ["gone/one.mp4"]])
    with pytest.raises(LabelError, match=r"gone/one.mp4' could be any of \['.*a/one.mp4', '.*coded/one.mp4'\]"):
        merge_labels(paths)


def test_a_file_that_two_labelled_videos_would_be_is_refused(disk):
    skeleton = draw_skeleton()
    videos = [draw_video("/one/x.mp4"), draw_video("/two/x.mp4")]
    frames = [sio.LabeledFrame(v, 0, [draw_instance(skeleton)]) for v in videos]
    labels = sio.Labels(frames, videos=videos, skeletons=[skeleton])
    path, places = save(labels, disk / "a.slp"), Places(search=(str(disk / "raw"),))
    with pytest.raises(
        LabelError, match=r"labelled videos \['/one/x.mp4', '/two/x.mp4'\] would all be the file 'x.mp4'"
    ):
        merge_labels([path], places=places)
    labels.labeled_frames.pop()
    save(labels, path)
    merged, _ = merge_labels([path], places=places)
    assert [v.filename for v in merged.videos] == [f"{disk}/raw/x.mp4", "/two/x.mp4"]


def write_package(path, film, frames):
    """Labels with their images inside, drawn by sleap-io."""
    video = sio.load_video(str(film))
    skeleton = draw_skeleton()
    labeled = [sio.LabeledFrame(video, i, [draw_instance(skeleton, float(i))]) for i in frames]
    labels = sio.Labels(labeled, videos=[video], skeletons=[skeleton])
    labels.save(str(path), embed=True, verbose=False)
    return path


def test_embedded_images_stay_where_the_film_is_nowhere(tmp_path):
    film = draw_film(tmp_path / "film.mp4")
    paths = [write_package(tmp_path / "a.pkg.slp", film, [1, 4]), save(draw_labels({9: [0.0]}), tmp_path / "b.slp")]
    alike = merge_files(paths, tmp_path / "with film.slp")
    assert alike["files"][0]["left_out"] == {"videos_with_embedded_images": 1}
    assert stored_path(read_labels(tmp_path / "with film.slp").videos[0]) == f"{film}"
    images = {frame.frame_idx: np.asarray(frame.image) for frame in read_labels(paths[0])}
    os.remove(film)
    for name in "cd":
        report = merge_files(paths[::-1], tmp_path / f"{name}.slp")
    assert (tmp_path / "c.slp").read_bytes() == (tmp_path / "d.slp").read_bytes()
    assert report["files"][1]["left_out"] == {}
    assert [m["path"] for m in report["missing_videos"]] == ["D:/videos/a.mp4"]
    for path in paths:
        path.unlink()
    merged = read_labels(tmp_path / "c.slp")
    assert [f.frame_idx for f in merged] == [9, 1, 4]
    for frame in merged[1:]:
        np.testing.assert_array_equal(frame.image, images[frame.frame_idx])
        assert abs(int(frame.image.mean()) - (90 + 3 * frame.frame_idx)) <= 2


def test_images_of_two_packages_of_one_film_give_way_to_its_name(tmp_path):
    film = draw_film(tmp_path / "film.mp4")
    paths = [write_package(tmp_path / f"{n}.pkg.slp", film, [n, 4]) for n in (1, 2)]
    os.remove(film)
    report = merge_files(paths, tmp_path / "out.slp", on_conflict="keep-both")
    assert [f["left_out"] for f in report["files"]] == [{"videos_with_embedded_images": 1}] * 2
    assert report["missing_videos"] == [{"path": str(film), "labelled_frames": {str(p): 2 for p in paths}}]
    assert [f.frame_idx for f in read_labels(tmp_path / "out.slp")] == [1, 4, 2]
    covered = merge_files(
        [paths[0], save(draw_labels({4: [4.0]}, video=str(film)), tmp_path / "b.slp")], tmp_path / "o"
    )
    assert covered["files"][0]["left_out"] == {}
