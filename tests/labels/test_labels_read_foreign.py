"""Label files of other programs."""

import json

import numpy as np
import pytest
import sleap_io as sio
from drawn_labels import NODES, contents, draw_image, draw_instance, draw_labels, draw_skeleton, draw_video, save

from antpipe.errors import LabelError
from antpipe.labels.glance import glance
from antpipe.labels.merge import merge_files, merge_labels
from antpipe.labels.on_video import place_frames
from antpipe.labels.project_videos import find_videos
from antpipe.labels.read import read_labels
from antpipe.labels.split import split_labels
from antpipe.labels.videos import stored_path, video_keys


def write_dlc(path, images, *, animals=(), sep=False):
    """A DeepLabCut table: animal k of image n has node j at (100 n + 10 j, n + k)."""
    names, head = [str(i) for i in images], []
    individuals = animals or ("only",)
    columns = [(a, node, c) for a in individuals for node in NODES for c in "xy"]
    empty = ["", ""] if sep else []
    head.append(["scorer", *empty, *["ann"] * len(columns)])
    if animals:
        head.append(["individuals", *empty, *(a for a, _, _ in columns)])
    head += [["bodyparts", *empty, *(n for _, n, _ in columns)], ["coords", *empty, *(c for _, _, c in columns)]]
    rows = []
    for name in names:
        n = int("".join(c for c in name.rsplit("/", 1)[-1] if c.isdigit()))
        values = [100 * n + 10 * NODES.index(node) if c == "x" else n + individuals.index(a) for a, node, c in columns]
        rows.append([*(name.split("/") if sep else [name]), *map(str, values)])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(",".join(row) for row in head + rows) + "\n", encoding="utf-8")
    return path


def write_images(folder, *numbers):
    return [draw_image(folder / f"img{n:04}.png", gray=n) for n in numbers]


def drawn_number(frame):
    """The number in the name of a frame's image, in its gray, and in its points."""
    name = int(frame.video.filename[frame.frame_idx][-8:-4])
    return name, int(np.asarray(frame.image).flat[0]), int(frame.instances[0]["head"]["xy"][0] / 100)


@pytest.mark.parametrize("layout", ["project", "columns", "lightning pose", "beside"])
def test_frames_of_a_deeplabcut_table_are_those_of_their_images(tmp_path, layout):
    folder = {"project": "labeled-data/film", "columns": "labeled-data/film", "lightning pose": "labeled-data"}
    inner = folder.get(layout, "")
    write_images(tmp_path / inner, 7, 30, 41)
    names = [f"{inner}/img{n:04}.png".lstrip("/") for n in (41, 7, 30)]
    path = write_dlc(tmp_path / "CollectedData_ann.csv", names, sep=layout == "columns")
    labels = read_labels(path)
    assert len(labels.videos) == 1
    assert sorted(map(drawn_number, labels)) == [(7, 7, 7), (30, 30, 30), (41, 41, 41)]
    assert sorted(labels.skeleton.node_names) == sorted(NODES)


def test_several_animals_of_a_deeplabcut_table_have_tracks(tmp_path):
    write_images(tmp_path / "labeled-data" / "film", 3)
    path = write_dlc(tmp_path / "a.csv", ["labeled-data/film/img0003.png"], animals=("ann", "bob"))
    labels = read_labels(path)
    assert [(i.track.name, int(i["head"]["xy"][1])) for i in labels[0]] == [("ann", 3), ("bob", 4)]


def test_labels_of_images_that_are_not_there_are_left_out_and_counted(tmp_path):
    write_images(tmp_path / "labeled-data" / "film", 2, 9)
    names = [f"labeled-data/film/img{n:04}.png" for n in (1, 2, 5, 9, 12)]
    path = write_dlc(tmp_path / "a.csv", names)
    merged, report = merge_labels([path])
    assert [drawn_number(f)[0::2] for f in read_labels(path)] == [(2, 2), (9, 9)]
    assert report["files"][0]["left_out"] == {"images_not_found": 3}
    assert [f.frame_idx for f in merged] == [0, 1]
    other = write_dlc(tmp_path / "b.csv", ["labeled-data/gone/img0001.png"])
    with pytest.raises(
        LabelError, match=r"b.csv: none of its 1 images is where it says, the first is 'labeled-data/go"
    ):
        read_labels(other)


def test_real_deeplabcut_tables_are_read(shared_data):
    labels = read_labels(shared_data / "mouse_openfield_dlc" / "labeled-data" / "m4s1" / "CollectedData_Pranav.csv")
    assert (len(labels), labels.provenance["images_not_found"]) == (10, 106)
    # The second row whose image is there: img0012.png.
    np.testing.assert_allclose(labels[1].image.shape[:2], (480, 640))
    table = (shared_data / "mouse_openfield_dlc/labeled-data/m4s1/CollectedData_Pranav.csv").read_text().splitlines()
    row = next(line for line in table if "img0012.png" in line).split(",")
    np.testing.assert_allclose(labels[1].instances[0]["snout"]["xy"], [float(row[1]), float(row[2])])
    mirror = read_labels(shared_data / "mouse_mirror" / "CollectedData.csv")
    assert (len(mirror), len(mirror.videos)) == (90, 1)


def write_coco(path, folder, numbers):
    """A COCO file as sleap-io writes it, of images named by number."""
    images = [str(p) for p in write_images(folder, *numbers)]
    video = sio.Video.from_filename(images)
    skeleton = draw_skeleton()
    frames = [sio.LabeledFrame(video, i, [draw_instance(skeleton, 100.0 * n)]) for i, n in enumerate(numbers)]
    labels = sio.Labels(frames, videos=[video], skeletons=[skeleton])
    sio.save_coco(labels, str(path), image_filenames=[f"{folder.name}/img{n:04}.png" for n in numbers])
    return path


def test_a_coco_file_with_numbers_for_names_is_refused(tmp_path):
    path = write_coco(tmp_path / "coco.json", tmp_path / "pictures", (4,))
    about = json.loads(path.read_text())
    about["categories"][0]["keypoints"][1] = 7
    path.write_text(json.dumps(about))
    with pytest.raises(LabelError, match=r"coco.json: expected texts as names of nodes, got \['head', 7, 'tail'\]"):
        read_labels(path)


def test_a_coco_file_is_read_with_its_images(tmp_path):
    path = write_coco(tmp_path / "coco.json", tmp_path / "pictures", (4, 8, 15))
    assert [drawn_number(f) for f in read_labels(path)] == [(n, n, n) for n in (4, 8, 15)]
    (tmp_path / "pictures" / "img0008.png").unlink()
    _, report = merge_labels([path])
    assert [drawn_number(f)[0::2] for f in read_labels(path)] == [(4, 4), (15, 15)]
    assert report["files"][0]["left_out"]["images_not_found"] == 1


def test_label_files_of_several_programs_merge(tmp_path):
    pictures = tmp_path / "labeled-data" / "film"
    coco = write_coco(tmp_path / "labeled-data" / "coco.json", pictures, (4, 8, 15))
    write_images(pictures, 16, 23)
    dlc = write_dlc(tmp_path / "dlc.csv", [f"labeled-data/film/img{n:04}.png" for n in (16, 23)])
    again = write_dlc(tmp_path / "again.csv", [f"labeled-data/film/img{n:04}.png" for n in (23, 16)])
    slp = save(draw_labels({5: [1.0]}), tmp_path / "a.slp")
    assert glance(str(coco)) is None
    report = merge_files([slp, coco, dlc, again], tmp_path / "out" / "merged.slp")
    assert report["videos"][0]["path"] == "D:/videos/a.mp4"
    assert [[m["by"] for m in v["in"]] for v in report["videos"]] == [["first"], ["first"], ["first", "path"]]
    assert (report["same_instances"], report["result"]["user_instances"]) == (2, 6)
    merged = read_labels(tmp_path / "out" / "merged.slp")
    assert sorted(drawn_number(f) for f in merged[1:]) == [(n, n, n) for n in (4, 8, 15, 16, 23)]
    stored = sio.load_slp(str(tmp_path / "out" / "merged.slp"), open_videos=False).videos[1].filename
    assert stored[0] == "../labeled-data/film/img0004.png"


def test_lists_with_a_common_image_become_one_list(tmp_path):
    folder = tmp_path / "labeled-data" / "film"
    write_images(folder, 1, 2, 3)
    one = write_dlc(tmp_path / "one.csv", [f"labeled-data/film/img{n:04}.png" for n in (3, 2)])
    two = write_dlc(tmp_path / "two.csv", [f"labeled-data/film/img{n:04}.png" for n in (1, 2)])
    merged, report = merge_labels([one, two])
    assert (len(merged.videos), report["united_frames"], report["same_instances"]) == (1, 1, 1)
    assert [p[-8:] for p in merged.videos[0].filename] == ["0002.png", "0003.png", "0001.png"]
    merge_files([one, two], tmp_path / "out.slp")
    assert {drawn_number(f) for f in read_labels(tmp_path / "out.slp")} == {(1, 1, 1), (2, 2, 2), (3, 3, 3)}


def test_images_of_their_own_need_no_video_of_the_project(tmp_path):
    write_images(tmp_path / "labeled-data" / "film", 1, 2, 3)
    path = write_dlc(tmp_path / "a.csv", [f"labeled-data/film/img{n:04}.png" for n in (1, 2, 3)])
    merge_files([path], tmp_path / "merged.slp")
    labels = read_labels(tmp_path / "merged.slp")
    keys = split_labels(labels).folds[0].train
    # A film of the folder's name counts frames in another way.
    (placed,) = place_frames(labels, keys, {"film": tmp_path / "film.mp4"})
    assert (placed.video, placed.embedded) == ("film", True)
    assert drawn_number(placed.labelled)[0] == placed.frame_idx + 1


def test_a_list_of_images_is_not_the_film_that_they_were_taken_from(tmp_path):
    images = [str(p) for p in write_images(tmp_path / "pictures", 5, 6)]
    video = sio.Video(filename=images, source_video=draw_video("D:/film.mp4"), open_backend=False)
    skeleton = draw_skeleton()
    labels = sio.Labels([sio.LabeledFrame(video, 1, [draw_instance(skeleton)])], videos=[video], skeletons=[skeleton])
    assert stored_path(video) == f"{tmp_path}/pictures"
    assert find_videos(labels, {"pictures": tmp_path / "pictures.mp4", "film": tmp_path / "film.mp4"}) == {}
    assert split_labels(labels).folds[0].train == (("pictures", 1),)


def test_two_lists_from_one_folder_keep_apart(tmp_path):
    images = [str(p) for p in write_images(tmp_path / "pictures", 5, 6)]
    videos = [sio.Video(filename=[image], open_backend=False) for image in images]
    skeleton = draw_skeleton()
    frames = [sio.LabeledFrame(video, 0, [draw_instance(skeleton)]) for video in videos]
    labels = sio.Labels(frames, videos=videos, skeletons=[skeleton])
    assert len(set(video_keys(labels))) == 2
    fold = split_labels(labels).folds[0]
    assert {*fold.train} | {*fold.val} == {(key, 0) for key in video_keys(labels)}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.txt",
            "hello",
            r"a.txt: expected a SLEAP label file \(.slp\), but this is not HDF5, .*Could not infer format",
        ),
        ("a.json", "{", r"a.json: expected a SLEAP label file"),
        ("a.json", json.dumps({"a": 1}), r"a.json: expected a SLEAP label file"),
        ("a.csv", "", r"a.csv: expected a SLEAP label file, but the file is empty"),
        ("a.csv", "a,b\n1,2\n", r"a.csv: expected a SLEAP label file"),
        ("a.h5", "not HDF5", r"a.h5: expected a SLEAP label file"),
        ("a.mat", "not MATLAB", r"a.mat: expected a SLEAP label file"),
        ("a.nwb", "not NWB", r"a.nwb: expected a SLEAP label file"),
        ("a.mp4", "not a film", r"a.mp4: expected a SLEAP label file"),
        ("a.yaml", "a: 1", r"a.yaml: expected a SLEAP label file"),
        ("no suffix", "x", r"no suffix: expected a SLEAP label file"),
    ],
)
def test_what_sleap_io_cannot_read_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    for reader in (read_labels, lambda path: merge_labels([path])):
        with pytest.raises(LabelError, match=message):
            reader(tmp_path / name)


def test_a_sleap_file_is_known_by_what_it_holds(tmp_path):
    path = save(draw_labels({0: [1.0]}), tmp_path / "a.slp")
    (tmp_path / "labels.h5").write_bytes(path.read_bytes())
    assert contents(read_labels(tmp_path / "labels.h5")) == contents(read_labels(path))
    assert glance(str(tmp_path / "labels.h5")).user_instances == 1
