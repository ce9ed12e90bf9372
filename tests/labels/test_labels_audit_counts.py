"""What an audit counts, against the project's table of its label files and against the raw arrays of the files."""

import json
from collections import Counter

import h5py
import numpy as np
import pytest
import sleap_io as sio
from drawn_labels import NODES, draw_instance, draw_labels, draw_skeleton, draw_video, save

from antpipe.errors import LabelError
from antpipe.labels.audit.audit import audit_labels
from antpipe.labels.audit.footage import find_footage
from antpipe.labels.read import read_labels
from antpipe.synthetic.skeleton import NODES as NODE_ORDER

# file, frames, empty, instances, fewest, mean, most, visible fraction, unverified, invisible, worst node and percent
TABLE = [
    ("col210", 21, 1, 182, 0, 8.7, 13, 0.9765, 3, 77, "RForeFoot", 9.9),
    ("col218_crop", 104, 0, 672, 1, 6.5, 15, 0.9814, 82, 225, "LForeFoot", 6.8),
    ("col224", 20, 0, 358, 12, 17.9, 25, 0.9894, 0, 68, "RMidFoot", 3.9),
    ("col402", 21, 1, 400, 0, 19.1, 30, 0.9904, 0, 69, "LForeFoot", 4.0),
    ("col429_crop", 2, 0, 7, 3, 3.5, 4, 0.9921, 0, 1, "RMidFoot", 14.3),
    ("main", 81, 1, 1581, 0, 19.5, 32, 0.9884, 0, 329, "RForeFoot", 3.9),
    ("quel223", 20, 0, 470, 8, 23.5, 32, 0.9941, 0, 50, "LForeFoot", 2.3),
    ("quel321_1", 21, 0, 113, 3, 5.4, 7, 0.9784, 2, 44, "RForeFoot", 8.0),
    ("quel321_1_crop", 20, 0, 353, 12, 17.7, 24, 0.9777, 0, 142, "RForeFoot", 8.8),
]
# Head to Abdomen, then LForeLeg, LForeFoot, RForeLeg ... RHindFoot
MAIN_VISIBLE = (0.997, 1, 1, 0.989, 1, 0.996)
MAIN_VISIBLE += (0.988, 0.967, 0.987, 0.961, 0.996, 0.981, 0.994, 0.975, 0.997, 0.990, 0.993, 0.980)
LEAF_TIP = "ants_models/leaf_tip/240514_102521.centroid.fold_1/labels_gt.train.slp"


def audit(labels):
    return audit_labels(labels, find_footage(labels, {}))


def audit_shared(shared_data, name):
    return audit(read_labels(shared_data / "ants_labels" / "datasets" / f"{name}.v001.slp"))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_counts_are_those_of_the_projects_table(shared_data, row):
    name, frames, empty, instances, low, mean, high, fraction, unverified, invisible, worst, percent = row
    found = audit_shared(shared_data, name)
    total = found.total
    assert (total["frames"], total["empty_frames"], total["user_instances"]) == (frames, empty, instances)
    assert (total["unverified"], total["invisible"], total["worst_node"]) == (unverified, invisible, worst)
    assert (total["predicted_instances"], total["tracks"]) == (0, 0)
    assert (total["instances_min"], total["instances_max"]) == (low, high)
    assert total["instances_mean"] == pytest.approx(mean, abs=0.06)
    assert round(total["visible_fraction"], 4) == fraction
    (node,) = [node for node in found.nodes if node["node"] == worst]
    assert round(node["invisible_percent"], 1) == percent


def test_counts_per_node_and_per_video(shared_data):
    main = audit_shared(shared_data, "main")
    visible = {row["node"]: 1 - row["invisible"] / row["points"] for row in main.nodes}
    assert visible == pytest.approx(dict(zip(NODE_ORDER, MAIN_VISIBLE, strict=True)), abs=0.00051)
    videos = {row["video"]: (row["frames"], row["empty_frames"], row["user_instances"]) for row in main.videos}
    assert videos["Col402_rec.mp4"] == (21, 1, 400)
    assert videos["Quel321_1_rec.mp4"] == (20, 0, 353)
    two = audit_shared(shared_data, "col218_crop")
    assert {row["video"]: row["frames"] for row in two.videos} == {"Col218_cropped.mp4": 83, "Col402_cropped.mp4": 21}


@pytest.mark.parametrize("path", ["ants_labels/datasets/col218_crop.v001.slp", LEAF_TIP])
def test_counts_per_frame_are_those_of_the_raw_arrays(shared_data, path):
    with h5py.File(shared_data / path) as file:
        frames, instances, points = (file[name][()] for name in ("frames", "instances", "points"))
        videos = [json.loads(text)["backend"]["filename"].rsplit("/", 1)[-1] for text in file["videos_json"][()]]
    expected = Counter()
    for instance in instances[instances["instance_type"] == 0]:
        own = points[instance["point_id_start"] : instance["point_id_end"]]
        frame = frames[frames["frame_id"] == instance["frame_id"]][0]
        key = videos[frame["video"]], int(frame["frame_idx"])
        for name, count in (("animals", 1), ("hidden", (~own["visible"]).sum()), ("open", (~own["complete"]).sum())):
            expected[key, name] += int(count)
    found = audit(read_labels(shared_data / path))
    assert len(found.frames) == len(frames)
    assert sum(row["predicted_instances"] for row in found.frames) == (instances["instance_type"] == 1).sum()
    for row in found.frames:
        key = row["video"], row["frame_idx"]
        assert row["user_instances"] == expected[key, "animals"]
        assert row["invisible"] == expected[key, "hidden"]
        assert row["unverified"] == expected[key, "open"]
    assert sum(row["invisible"] for row in found.frames) > 0


def test_points_are_counted_by_their_flags_and_coordinates():
    labels = draw_labels({4: [0.0, 50.0], 9: []}, predicted={4: [90.0]})
    first, second = labels[0].instances[:2]
    first.points["visible"][0] = False
    first.points["complete"] = [True, False, True]
    second.points["xy"][2] = np.nan
    second.points["complete"] = True
    found = audit(labels)
    assert found.frames[0] == {
        "video": "a.mp4",
        "frame_idx": 4,
        "user_instances": 2,
        "predicted_instances": 1,
        "points": 6,
        "invisible": 2,
        "unverified": 1,
    }
    counted = {row["node"]: (row["points"], row["invisible"], row["unverified"]) for row in found.nodes}
    assert counted == {"head": (2, 1, 0), "thorax": (2, 0, 1), "tail": (2, 1, 0)}
    assert found.nodes[0]["invisible_percent"] == 50
    assert (found.total["empty_frames"], found.total["predicted_instances"]) == (1, 1)


@pytest.mark.parametrize(
    "labels",
    [
        sio.Labels(),
        draw_labels({}),
        draw_labels({1: [], 2: []}),
        draw_labels({1: []}, predicted={1: [5.0]}),
        sio.Labels(videos=[draw_video()]),
    ],
    ids=["nothing", "no frames", "empty frames", "predictions only", "no skeleton"],
)
def test_labels_without_instances_divide_by_nothing(labels):
    found = audit(labels)
    assert found.total["visible_fraction"] is None
    assert found.total["worst_node"] is None
    assert found.total["user_instances"] == found.total["points"] == 0
    assert found.total["instances_mean"] == (0 if len(labels.labeled_frames) else None)
    assert {finding.kind for finding in found.findings} <= {"empty_frame"}


def test_nodes_of_several_skeletons_are_counted_by_name():
    labels = draw_labels({0: [0.0, 50.0]})
    reordered, other = draw_skeleton(nodes=NODES[::-1]), draw_skeleton(nodes=("head", "sting"), edges=[])
    labels[0].instances += [draw_instance(reordered, 90.0), draw_instance(other, 140.0)]
    labels[0].instances[2].points["visible"][reordered.index("tail")] = False
    labels.skeletons += [reordered, other]
    found = audit(labels)
    assert {row["node"]: (row["points"], row["invisible"]) for row in found.nodes} == {
        "head": (4, 0),
        "thorax": (3, 0),
        "tail": (3, 1),
        "sting": (1, 0),
    }
    assert [len(shape.table) for shape in found.shapes] == [3, 1]
    np.testing.assert_array_equal(found.shapes[0].table.points[2], [[90, 90], [100, 90], [110, 90]])
    assert found.shapes[0].table.instance.tolist() == [0, 1, 2]
    assert found.shapes[1].table.instance.tolist() == [3]


def test_two_videos_of_one_path_are_one_and_frames_of_two_videos_stay_apart():
    labels = draw_labels({7: [0.0]})
    twin, other = draw_video(labels.videos[0].filename), draw_video("D:/videos/b.mp4")
    for video in (twin, other):
        labels.videos.append(video)
        labels.labeled_frames.append(sio.LabeledFrame(video, 7, [draw_instance(labels.skeletons[0], 60.0)]))
    found = audit(labels)
    assert [(row["video"], row["frames"], row["user_instances"]) for row in found.videos] == [
        ("a.mp4", 2, 2),
        ("b.mp4", 1, 1),
    ]
    assert [finding.kind for finding in found.findings] == ["repeated_frame"]
    assert found.findings[0].entry == 1


def test_a_negative_frame_index_is_refused_in_one_sentence(tmp_path):
    path = save(draw_labels({3: [0.0]}), tmp_path / "a.slp")
    with h5py.File(path, "r+") as file:
        frames = file["frames"][()]
        frames["frame_idx"] = np.uint64(2**64 - 1)
        file["frames"][...] = frames
    with pytest.raises(LabelError, match=r"a\.slp: expected frame indices from 0 .* got (-1|18446744073709551615)"):
        read_labels(path)
