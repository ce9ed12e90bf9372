"""Label files that are broken, odd, or made by others: one sentence each, or read and counted."""

import json
import random
import subprocess
import sys

import h5py
import numpy as np
import pytest
import sleap_io as sio
from drawn_labels import contents, draw_instance, draw_labels, draw_skeleton, draw_video, save

from antpipe.errors import AntpipeError, LabelError
from antpipe.labels.glance import glance
from antpipe.labels.hdf5_texts import REFERENCE
from antpipe.labels.merge import merge_files, merge_labels
from antpipe.labels.on_video import place_frames
from antpipe.labels.read import labelled_frames, read_labels, skeleton_of, user_points
from antpipe.labels.split import split_labels
from antpipe.labels.write import write_labels


def full_labels():
    """Labels with everything: a person's and predicted instances, links, tracks, suggestions, symmetries."""
    skeleton, film, tracks = (
        draw_skeleton(symmetries=[("head", "tail")]),
        draw_video(),
        [sio.Track("a"), sio.Track("b")],
    )
    source = draw_instance(skeleton, 7.0, predicted=True, track=tracks[1])
    frames = [sio.LabeledFrame(film, i, [draw_instance(skeleton, float(i), track=tracks[0])]) for i in range(3)]
    frames[2].instances += [source, draw_instance(skeleton, 9.0, source=source)]
    return sio.Labels(
        frames, videos=[film], skeletons=[skeleton], tracks=tracks, suggestions=[sio.SuggestionFrame(film, 30)]
    )


def edit(path, change):
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def edit_table(name, column, row, value):
    def change(file):
        table = file[name][()]
        table[column][row] = value
        file[name][...] = table

    return change


def shift_points(file):
    """Let the first instance point to as many nodes as it has, beyond the end of the table."""
    table = file["instances"][()]
    for side in ("start", "end"):
        table[f"point_id_{side}"][0] += 90
    file["instances"][...] = table


def edit_metadata(change):
    def apply(file):
        value = json.loads(file["metadata"].attrs["json"])
        change(value)
        file["metadata"].attrs["json"] = np.bytes_(json.dumps(value))

    return apply


def delete(name):
    return lambda file: file.__delitem__(name)


def set_format(value):
    return lambda file: file["metadata"].attrs.__setitem__("format_id", value)


WHOLE = "expected a whole SLEAP label file, but"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_format(3.0), "expected a SLEAP label file of a format below 3, got 3, which is newer than this program"),
        (set_format(np.nan), "expected a SLEAP label file of a format below 3, got nan"),
        (delete("metadata"), rf"{WHOLE} it cannot be read \(no metadata inside\); the program that saved it was inter"),
        (lambda file: file["metadata"].attrs.__delitem__("json"), f"{WHOLE} it cannot be read"),
        (delete("frames"), r"\(no frames inside\)"),
        (delete("pred_points"), r"\(no pred_points inside\)"),
        (
            edit_table("frames", "instance_id_end", -1, 99),
            f"{WHOLE} frames point to instances that are not there",
        ),
        (edit_table("instances", "point_id_end", 0, 99), "instances point to nodes that are not there"),
        (edit_table("instances", "point_id_start", 0, 1), "instances point to nodes that are not there"),
        (shift_points, "instances point to nodes that are not there"),
        (edit_table("instances", "track", 0, 2), "instances belong to tracks that are not there"),
        (edit_table("instances", "track", 0, -2), "instances belong to tracks that are not there"),
        (edit_table("instances", "skeleton", 0, 1), "instances belong to a skeleton that is not there"),
        (edit_table("instances", "from_predicted", 0, 40), "instances stem from predictions that are not there"),
        (edit_table("instances", "instance_type", 0, 7), "some instances are neither a person's nor predicted"),
        (edit_table("instances", "instance_id", 0, 1), "several instances have the same number"),
        (
            edit_table("frames", "frame_idx", 0, 2**64 - 1),
            "expected frame indices from 0 to 2147483647, got -1",
        ),
        (edit_table("frames", "frame_idx", 0, 2**40), "expected frame indices from 0 to 2147483647, got 1099511627776"),
        (edit_metadata(lambda value: value["skeletons"].clear()), "instances belong to a skeleton that is not there"),
    ],
)
@pytest.mark.parametrize("reader", [read_labels, glance, lambda path: merge_labels([path])])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path, change, message, reader):
    path = edit(save(full_labels(), tmp_path / "a.slp"), change)
    with pytest.raises(LabelError, match=message) as caught:
        reader(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("reader", [read_labels, glance, lambda path: merge_labels([path])])
@pytest.mark.parametrize(
    ("content", "message"), [(b"", "the file is empty"), (b"no HDF5", "this is not HDF5"), (None, "got a folder")]
)
def test_what_is_no_file_of_labels_is_refused(tmp_path, content, message, reader):
    path = tmp_path / "a.slp"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(LabelError, match=message):
        reader(str(path))


def damaged(whole, seed):
    draw = random.Random(seed)
    content = bytearray(whole)
    if seed % 4 == 0:
        return content[: draw.randrange(len(content))]
    for _ in range(draw.choice([1, 1, 2, 4, 8])):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return content


def test_two_hundred_damaged_files_give_labels_or_one_sentence(tmp_path):
    path = save(full_labels(), tmp_path / "a.slp")
    other = save(draw_labels({9: [1.0]}), tmp_path / "b.slp")
    whole, refused = path.read_bytes(), 0
    for seed in range(200):
        path.write_bytes(damaged(whole, seed))
        errors = []
        for run in (lambda: glance(str(path)), lambda: read_labels(path), lambda: merge_labels([path, other])):
            try:
                run()
            except AntpipeError as error:
                errors.append(str(error))
        refused += len(errors) > 0
        assert all("\n" not in error for error in errors), seed
    assert 60 < refused < 190, "some damage must show, and some must not"


def test_a_heap_that_hdf5_would_read_forever_is_refused(tmp_path):
    path = save(full_labels(), tmp_path / "a.slp")
    content = bytearray(path.read_bytes())
    # The free space at the end of a heap: number 0, and a size that now leads to zeros.
    free = content.index(b"GCOL") + 16
    while content[free : free + 2] != b"\0\0":
        free += 16 + -(-int.from_bytes(content[free + 8 : free + 16], "little") // 8) * 8
    content[free + 8 : free + 16] = (64).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(LabelError, match="a heap of texts is damaged"):
        read_labels(path)


def edit_texts(name, change):
    def apply(file):
        texts = [json.dumps(change(json.loads(text))).encode() for text in file[name][()]]
        del file[name]
        file.create_dataset(name, data=texts, dtype=h5py.string_dtype())

    return apply


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            edit_texts("tracks_json", lambda track: [0, ["a"]]),
            r"expected texts as names of tracks, got \[\['a'\], \['a'\]",
        ),
        (
            edit_texts("suggestions_json", lambda about: {**about, "frame_idx": -1}),
            "expected frame indices from 0 to 2147",
        ),
        (
            edit_texts("videos_json", lambda film: {"backend": {"filename": "a\0.mp4"}}),
            r"expected paths of videos, got \['a\\x00.mp4'\]",
        ),
        (
            edit_texts("videos_json", lambda film: {"backend": {"filenames": ["a.png"], "filename": "a.png"}}),
            "expected frame indices from 0 to 0, got 1",
        ),
    ],
)
@pytest.mark.parametrize("reader", [read_labels, lambda path: merge_labels([path])])
def test_texts_that_sleap_io_takes_and_nobody_can_use_are_refused(tmp_path, change, message, reader):
    path = edit(save(full_labels(), tmp_path / "a.slp"), change)
    with pytest.raises(LabelError, match=message) as error:
        reader(path)
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize("suffix", ["slp", "h5"])
def test_a_group_whose_free_parts_run_in_a_circle_is_refused(tmp_path, suffix):
    # HDF5 would follow them until the memory is full.
    path = save(full_labels(), tmp_path / "a.slp").rename(tmp_path / f"a.{suffix}")
    content = bytearray(path.read_bytes())
    heap = content.index(b"HEAP\0\0\0\0")
    size, free, start = np.frombuffer(content[heap + 8 : heap + 32], "<u8").tolist()
    assert 1 < free < size
    content[start + free : start + free + 8] = free.to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(LabelError, match="a heap of names is damaged"):
        read_labels(path)


@pytest.mark.parametrize("change", [{"heap": 8}, {"number": 77}, {"length": 2**20}, {"heap": 2**60}])
def test_texts_that_do_not_lie_where_the_file_says_are_not_looked_for(tmp_path, change):
    # HDF5 may look for them for minutes, or for ever.
    path = save(full_labels(), tmp_path / "a.slp")
    with h5py.File(path) as file:
        place = file["tracks_json"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    reference = np.frombuffer(content, REFERENCE, count=1, offset=place)
    assert reference["length"][0] == len('[0,"a"]')
    for column, value in change.items():
        reference[column] = value
    del reference
    path.write_bytes(content)
    with pytest.raises(LabelError, match=r"it cannot be read \(texts are not where the file says\)"):
        read_labels(path)


def test_labels_without_a_skeleton_or_with_several(tmp_path):
    empty = save(sio.Labels(), tmp_path / "empty.slp")
    full = save(draw_labels({0: [1.0]}), tmp_path / "full.slp")
    with pytest.raises(LabelError, match=r"none of \['.*empty.slp'\] has one"):
        merge_labels([empty])
    assert merge_labels([empty, full])[1]["result"]["user_instances"] == 1
    labels = draw_labels({0: [1.0]})
    other = draw_skeleton(nodes=("head", "belly"), edges=[])
    labels[0].instances.append(draw_instance(other))
    labels.skeletons.append(other)
    several = save(labels, tmp_path / "several.slp")
    with pytest.raises(LabelError, match=r"several.slp: nodes only here \['belly'\], missing \['tail', 'thorax'\]"):
        merge_labels([several])
    with pytest.raises(LabelError, match=r"several.slp: expected one skeleton, but the labels use 2"):
        skeleton_of(read_labels(several))
    assert glance(str(several)).nodes == ("head", "thorax", "tail", "belly")


def test_instances_without_coordinates_are_left_out_and_counted(tmp_path):
    skeleton, film = draw_skeleton(), draw_video()
    nowhere = sio.Instance.from_numpy(np.full((3, 2), np.nan), skeleton=skeleton)
    half = sio.Instance.from_numpy([[1.0, np.nan], [np.nan, 2.0], [np.nan, np.nan]], skeleton=skeleton)
    hidden = draw_instance(skeleton, 4.0)
    hidden.points["visible"] = False
    source = sio.PredictedInstance.from_numpy(np.full((3, 2), np.nan), skeleton=skeleton)
    linked = draw_instance(skeleton, 5.0, source=source)
    frames = [sio.LabeledFrame(film, 0, [nowhere, half, hidden, source, linked]), sio.LabeledFrame(film, 1, [nowhere])]
    path = save(sio.Labels(frames, videos=[film], skeletons=[skeleton]), tmp_path / "a.slp")
    assert len(read_labels(path)[0].instances) == 5
    merged, report = merge_labels([path])
    assert report["files"][0]["left_out"] == {"instances_without_points": 4}
    assert [i.numpy(invisible_as_nan=False)[0, 0] for i in merged[0].instances] == [4, 5]
    assert merged[0].instances[1].from_predicted is None
    assert (len(merged), report["result"]["empty_frames"]) == (2, 1)


def test_several_entries_for_one_frame_are_united_and_counted(tmp_path):
    labels = draw_labels({5: [1.0]})
    skeleton, film = labels.skeletons[0], labels.videos[0]
    for at in ([1.0, 50.0], [90.0]):
        labels.labeled_frames.append(sio.LabeledFrame(film, 5, [draw_instance(skeleton, a) for a in at]))
    path = save(labels, tmp_path / "a.slp")
    merged, report = merge_labels([path])
    assert [i.numpy()[0, 0] for i in merged[0].instances] == [1, 50, 90]
    assert (len(merged), report["repeated_frames"], report["same_instances"], report["conflicts"]) == (1, 2, 1, [])
    assert report["united_frames"] == 0
    for policy in ("keep-first", "keep-last"):
        again, _ = merge_labels([path], on_conflict=policy)
        assert contents(again) == contents(merged)
    fold = split_labels(read_labels(path)).folds[0]
    assert fold.train == (("a.mp4", 5),)
    (placed,) = place_frames(read_labels(path), fold.train, {"a": tmp_path / "a.mp4"})
    assert placed.points[:, 0, 0].tolist() == [1, 1, 50, 90]


def test_a_frame_marked_as_empty_stays_so_until_somebody_labels_it(tmp_path):
    labels = draw_labels({0: [1.0], 1: [], 2: []})
    labels[1].is_negative = labels[2].is_negative = True
    paths = [save(labels, tmp_path / "a.slp"), save(draw_labels({2: [7.0]}), tmp_path / "b.slp")]
    merge_files(paths, tmp_path / "out.slp", report=tmp_path / "r.json")
    assert [f.is_negative for f in read_labels(tmp_path / "out.slp")] == [False, True, False]
    assert json.loads((tmp_path / "r.json").read_text())["negative_frames_with_animals"] == 1


def test_a_part_cut_out_of_a_video_on_the_fly_is_refused(tmp_path):
    path = save(full_labels(), tmp_path / "a.slp")
    record = json.dumps([{"video": 0, "crop": [0, 0, 10, 10], "fill": 0}])
    edit(path, lambda file: file.create_dataset("video_crops", data=np.bytes_(record)))
    with pytest.raises(LabelError, match=r"a.slp: video 'a.mp4' is a part cut out of another one on the fly"):
        read_labels(path)


def test_metadata_beyond_64_kb(tmp_path):
    labels = full_labels()
    labels.provenance = {"history": ["x" * 1000] * 200}
    write_labels(tmp_path / "a.slp", labels)
    assert len(read_labels(tmp_path / "a.slp").provenance["history"]) == 200
    wide = draw_skeleton(nodes=[f"node {i}" for i in range(4000)], edges=[])
    labels = sio.Labels([sio.LabeledFrame(draw_video(), 0, [draw_instance(wide)])], skeletons=[wide])
    with pytest.raises(LabelError, match=r"b.slp: these labels cannot be written as a SLEAP file \(.*limit"):
        write_labels(tmp_path / "b.slp", labels)
    assert [p.name for p in tmp_path.iterdir()] == ["a.slp"]


def test_hundreds_of_label_files_with_a_long_history_merge(tmp_path):
    paths = []
    for index in range(120):
        labels = draw_labels({index: [1.0]}, video=f"D:/a rather long name of a folder/{index:03}.mp4")
        labels.provenance = {"note": "x" * 1000}
        paths.append(save(labels, tmp_path / f"{index:03}.slp"))
    merge_files(paths, tmp_path / "out.slp")
    merged = read_labels(tmp_path / "out.slp")
    assert (len(merged), len(merged.videos), len(merged.provenance["merged_from"])) == (120, 120, 120)


def test_two_processes_that_merge_into_one_output(tmp_path):
    paths = [save(draw_labels({i: [1.0] for i in range(n, 400, 2)}), tmp_path / f"{n}.slp") for n in range(2)]
    program = (
        "import sys; from antpipe.labels.merge import merge_files\n"
        "for _ in range(3): merge_files(sys.argv[1:3], sys.argv[3], report=sys.argv[3] + '.json')"
    )
    output = tmp_path / "out" / "merged.slp"
    command = [sys.executable, "-c", program, *map(str, paths), str(output)]
    for process in [subprocess.Popen(command) for _ in range(2)]:
        assert process.wait() == 0
    assert len(read_labels(output)) == 400
    assert sorted(p.name for p in output.parent.iterdir()) == ["merged.slp", "merged.slp.json"]
    merge_files(paths, tmp_path / "alone.slp")
    assert (tmp_path / "alone.slp").read_bytes() == output.read_bytes()


def test_a_round_trip_keeps_everything(tmp_path):
    labels = full_labels()
    labels[2].instances[1].points["score"] = [0.1, 0.2, 0.3]
    labels[2].instances[1].tracking_score = 0.25
    labels[0].instances[0].points["visible"][1] = False
    labels[0].instances[0].points["complete"][0] = True
    labels[1].instances[0].points["xy"][2] = np.nan
    write_labels(tmp_path / "a.slp", labels)
    assert_equal(read_labels(tmp_path / "a.slp"), labels)


@pytest.mark.parametrize(
    "name",
    [
        "ants_labels/datasets/main.v001.slp",
        "ants_models/leaf_tip/240514_103059.centered_instance.fold_1/labels_gt.train.slp",
        "ants_models/general/filter_32-stride_32.240425_031454.centroid/labels_pr.val.slp",
        "fly_clips/clip_pair_13nodes/clip.2node.slp",
        "fly_clips/centered_pair_24nodes/centered_pair_predictions.clean.slp",
        "formats/slp/small_robot_minimal.slp",
    ],
)
def test_a_round_trip_of_real_labels_keeps_everything(shared_data, tmp_path, name):
    labels = read_labels(shared_data / name)
    write_labels(tmp_path / "a.slp", labels)
    assert_equal(read_labels(tmp_path / "a.slp"), labels)


def test_old_files_and_files_with_another_suffix_are_read(shared_data):
    # Before format 1.1 the middle of the first pixel was at 0.5.
    legacy, midpoint = (
        read_labels(shared_data / "formats" / "slp" / f"test_grid_labels.{kind}.h5") for kind in ("legacy", "midpoint")
    )
    points = [user_points(f, skeleton_of(labels)) for labels in (legacy, midpoint) for f in labelled_frames(labels)]
    np.testing.assert_array_equal(points[0], points[1] - 0.5)


def assert_equal(one, other):
    # As text, where NaN equals NaN.
    assert repr(contents(one)) == repr(contents(other))
    assert one.skeleton.node_names == other.skeleton.node_names
    assert one.skeleton.edge_names == other.skeleton.edge_names
    assert [set(s) for s in one.skeleton.symmetry_names] == [set(s) for s in other.skeleton.symmetry_names]
    assert [t.name for t in one.tracks] == [t.name for t in other.tracks]
    for a, b in zip(one, other, strict=True):
        assert repr([details(i, a) for i in a.instances]) == repr([details(i, b) for i in b.instances])
    assert [(s.video.filename, s.frame_idx) for s in one.suggestions] == [
        (s.video.filename, s.frame_idx) for s in other.suggestions
    ]


def details(instance, frame):
    """Scores, track, and the place of the prediction that an instance was made from."""
    scores = [instance.tracking_score]
    if isinstance(instance, sio.PredictedInstance):
        scores += [instance.score, *instance.points["score"]]
    source = [i for i, other in enumerate(frame.instances) if other is instance.from_predicted]
    return np.array(scores, np.float32), instance.track and instance.track.name, source
