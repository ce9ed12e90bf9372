"""What an audit finds, one kind at a time, and that it finds nothing else."""

import numpy as np
import pytest
import sleap_io as sio
from drawn_labels import draw_labels, draw_skeleton, draw_video

from antpipe.labels.audit.audit import audit_labels
from antpipe.labels.audit.duplicates import find_copies, find_duplicates
from antpipe.labels.audit.finding import KINDS, SEVERITIES, Finding, by_severity
from antpipe.labels.audit.footage import Footage, find_footage
from antpipe.labels.audit.sizes import animal_sizes

SPOTS = np.array([[100.0, 100], [300, 120], [180, 400], [500, 300], [640, 80], [420, 520]])
SHAPE = np.array([[0.0, 0], [20, 4], [45, 0]])


def draw_animals(frames=8, seed=0):
    """Six animals of three nodes that wander; (frames, animals, nodes, 2)."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 12, (frames, len(SPOTS), 1, 2)).cumsum(axis=0)
    return SPOTS[:, None] + SHAPE + steps + rng.normal(0, 0.5, (frames, len(SPOTS), 3, 2))


def as_labels(points, gap=50):
    skeleton, video = draw_skeleton(), draw_video()
    frames = [
        sio.LabeledFrame(video, gap * i, [sio.Instance.from_numpy(animal, skeleton=skeleton) for animal in frame])
        for i, frame in enumerate(points)
    ]
    return sio.Labels(labeled_frames=frames, videos=[video], skeletons=[skeleton])


def find(labels, **footage):
    about = {"a.mp4": Footage(**footage)} if footage else find_footage(labels, {})
    audit = audit_labels(labels, about)
    return [(f.kind, audit.entries.frame_idx[f.entry], f.instance) for f in audit.findings], audit


def test_good_labels_have_no_findings():
    assert find(as_labels(draw_animals()), size=(800, 700), frame_count=400)[0] == []


def test_frames_that_cannot_be_right_are_named():
    labels = as_labels(draw_animals())
    labels.labeled_frames[2].instances = []
    labels.labeled_frames[3].instances = []
    labels.labeled_frames[3].is_negative = True
    labels.labeled_frames.append(sio.LabeledFrame(labels.videos[0], 0, []))
    found, audit = find(labels, frame_count=351)
    assert found == [("repeated_frame", 0, None), ("empty_frame", 100, None), ("empty_frame", 0, None)]
    assert audit.findings[0].entry == 8
    assert audit.findings[0].value == 2
    assert find(labels, frame_count=350)[0][0] == ("frame_beyond_video", 350, None)


@pytest.mark.parametrize("how", ["invisible", "nan"])
def test_an_animal_without_a_visible_point_is_named(how):
    labels = as_labels(draw_animals())
    instance = labels[1].instances[4]
    if how == "nan":
        instance.points["xy"] = np.nan
    instance.points["visible"] = False
    assert find(labels)[0] == [("no_visible_point", 50, 4)]


@pytest.mark.parametrize(
    ("point", "size", "beyond"),
    [
        ((-0.9, 50), (800, 700), None),
        ((-1.1, 50), (800, 700), 0.6),
        ((799.9, 50), (800, 700), None),
        ((801.5, 50), (800, 700), 2.0),
        ((50, 702.5), (800, 700), 3.0),
        ((2000, 50), None, None),
        ((50, -4.5), None, 4.0),
    ],
)
def test_points_outside_the_picture(point, size, beyond):
    labels = as_labels(draw_animals())
    labels[0].instances[0].points["xy"][1] = point
    audit = audit_labels(labels, {"a.mp4": Footage(size=size)})
    found = [f for f in audit.findings if f.kind == "outside_frame"]
    assert [f.value for f in found] == ([] if beyond is None else [pytest.approx(beyond)])
    assert bool([s for s in audit.not_judged if "size of the pictures of a.mp4 is not known" in s]) == (size is None)
    if found:
        assert (found[0].instance, found[0].nodes, found[0].unit) == (0, ("thorax",), "px")
        labels[0].instances[0].points["visible"][1] = False
        hidden = audit_labels(labels, {"a.mp4": Footage(size=size)})
        assert not [f for f in hidden.findings if f.kind == "outside_frame"]


@pytest.mark.parametrize("second", ["jitter", "partly", "other entry"])
def test_an_animal_labelled_twice_is_named(second):
    points = draw_animals()
    labels = as_labels(points)
    twin = points[5, 2] + np.random.default_rng(1).normal(0, 1, (3, 2))
    if second == "partly":
        twin[0] = np.nan
    instance = sio.Instance.from_numpy(twin, skeleton=labels.skeletons[0])
    if second == "other entry":
        labels.labeled_frames.append(sio.LabeledFrame(labels.videos[0], 250, [instance]))
        assert find(labels)[0] == [("repeated_frame", 250, None), ("duplicate_instance", 250, 0)]
    else:
        labels[5].instances.append(instance)
        found, audit = find(labels)
        assert found == [("duplicate_instance", 250, 6)]
        assert audit.findings[0].detail == "same as instance 2"
        assert audit.findings[0].value < audit.findings[0].expected


def test_duplicates_with_left_for_right_and_animals_of_one_node():
    points = np.array(
        [[[0.0, 0], [10, 10], [10, -10]], [[0.5, 0], [10, -10], [10, 10]], [[9.0, 0], [19, 10], [19, -10]]]
    )
    same, size = np.zeros(3, int), np.full(3, 20.0)
    assert find_duplicates(points, same, size, np.arange(3)) == []
    (twin,) = find_duplicates(points, same, size, np.array([0, 2, 1]))
    assert (twin.row, twin.earlier, twin.value) == (1, 0, pytest.approx(0.5 / 3))
    assert find_duplicates(points, np.arange(3), size, np.array([0, 2, 1])) == []
    dots = np.array([[[5.0, 5]], [[5.5, 5]], [[9.0, 5]]])
    unknown = animal_sizes(dots, same)
    assert np.isnan(unknown).all()
    assert [(t.row, t.earlier) for t in find_duplicates(dots, same, unknown, np.arange(1))] == [(1, 0)]


def test_points_left_over_from_another_frame_are_named():
    points = draw_animals()
    points[6, 1, :2] = points[2, 4, :2]
    points[6, 1, 2] = points[6, 1, 1] + (25, 3)
    labels = as_labels(points)
    found, audit = find(labels)
    assert found == [("copied_points", 300, 1)]
    assert (audit.findings[0].value, audit.findings[0].detail) == (2, "same as instance 4 of frame 100")
    whole = find_copies(np.round(points).reshape(-1, 3, 2), np.repeat(np.arange(8), 6), np.zeros(48, int))
    assert whole == [], "whole numbers may meet by chance"
    apart = find_copies(points.reshape(-1, 3, 2), np.repeat(np.arange(8), 6), np.repeat(np.arange(8), 6))
    assert apart == [], "another video"


@pytest.mark.parametrize(
    ("still", "moved", "found"), [(6, 0.25, True), (3, 0.25, True), (2, 0.25, False), (3, 0, True)]
)
def test_frames_in_which_most_animals_stand_still_are_near_duplicates(still, moved, found):
    points = draw_animals()
    points[4, :still] = points[3, :still] + moved
    kinds, audit = find(as_labels(points))
    assert kinds == ([("near_duplicate_frame", 200, None)] if found else [])
    if found:
        assert audit.findings[0].value == pytest.approx(100 * still / 6)
        assert audit.findings[0].detail == "since frame 150"


def test_frames_are_compared_in_time_whatever_their_order_in_the_file():
    points = draw_animals()
    points[4] = points[3] + 0.25
    labels = as_labels(points)
    labels.labeled_frames = [labels.labeled_frames[i] for i in (4, 0, 6, 3, 1, 2, 7, 5)]
    assert find(labels)[0] == [("near_duplicate_frame", 200, None)]


def test_an_animal_of_unusual_size_is_named():
    rng = np.random.default_rng(3)
    skeleton = draw_skeleton(nodes=tuple("abcdef"), edges=["ab", "bc", "cd", "de", "ef"])
    shape = np.array([[0, 0], [12, 3], [25, 0], [44, 3], [60, 0], [80, 2]], float)
    labels = draw_labels({}, skeleton=skeleton)
    for index in range(6):
        sizes = np.exp(rng.normal(0, 0.1, 6))
        sizes[3] = 4.5 if index == 2 else sizes[3]
        animals = sizes[:, None, None] * shape + SPOTS[:, None] * 3 + 20 * index + rng.normal(0, 0.5, (6, 6, 2))
        instances = [sio.Instance.from_numpy(animal, skeleton=skeleton) for animal in animals]
        labels.labeled_frames.append(sio.LabeledFrame(labels.videos[0], 10 * index, instances))
    found, audit = find(labels)
    assert found == [("animal_size", 20, 3)]
    assert audit.findings[0].value == pytest.approx(4.5 * 80, rel=0.15)
    assert audit.findings[0].expected == pytest.approx(80, rel=0.1)


def test_what_cannot_be_judged_is_said():
    labels = draw_labels({0: [0.0]}, skeleton=draw_skeleton(nodes=("head",), edges=()))
    sentences = find(labels, size=(9, 9))[1].not_judged
    assert sentences == [
        "No left and right partners are among the nodes head: nothing could be exchanged.",
        "No edges join the nodes head: lengths and angles were not judged.",
    ]
    sentences = find(draw_labels({0: [0.0]}), size=(9, 9))[1].not_judged
    assert "Fewer than 20 animals show these edges" in sentences[1]
    assert "head - thorax, thorax - tail" in sentences[1]


def test_the_gravest_comes_first():
    kinds = list(KINDS)[::-1]
    findings = [Finding(kind=kind, entry=0, score=score) for kind in kinds for score in (1, 5)]
    ordered = by_severity(findings)
    assert [SEVERITIES.index(KINDS[f.kind].severity) for f in ordered] == sorted(
        SEVERITIES.index(KINDS[kind].severity) for kind in kinds for _ in range(2)
    )
    assert [f.score for f in ordered] == [5, 1] * len(kinds)
