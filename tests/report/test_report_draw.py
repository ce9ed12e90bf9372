"""Poses on an image, pixel by pixel."""

import numpy as np
import pytest
from drawn_tracks import SKELETON, make_info, pose_at

from antpipe.poses import Skeleton, make_poses
from antpipe.report.colours import BLUE, ORANGE, SKY
from antpipe.report.draw import UNTRACKED, overlay_frame
from antpipe.report.draw_labels import LabelPlaces

COLOURS = {"a": SKY, "b": ORANGE, "蟻 $x$": SKY, "": SKY, "n" * 300: SKY}


def poses_of(points, track, skeleton=SKELETON):
    info = make_info()
    info = type(info)(skeleton=skeleton, video=info.video, frames=info.frames)
    return make_poses(info, frame_idx=np.zeros(len(points)), points=np.array(points, float), track=track)


def draw(points, track=("a",), *, shape=(120, 200, 3), **options):
    options = {"colours": COLOURS, "animal_size": 90.0, "labels": False} | options
    return overlay_frame(np.full(shape, 128, np.uint8), poses_of(points, track), **options)


def test_nodes_and_edges_have_the_colour_of_their_track():
    image = draw([pose_at(50, 40), pose_at(120, 90)], ["a", "b"])
    for x in (30, 50, 70, 40, 60):
        assert tuple(image[40, x]) == SKY, f"node or middle of an edge at {x}"
    for x in (100, 120, 140, 110, 130):
        assert tuple(image[90, x]) == ORANGE
    assert tuple(image[60, 80]) == (128, 128, 128)


def test_an_animal_without_a_track_is_white():
    assert tuple(draw([pose_at(50, 40)], [None])[40, 50]) == UNTRACKED


def test_the_image_that_was_given_stays_as_it_was():
    image = np.zeros((50, 90, 3), np.uint8)
    assert overlay_frame(image, poses_of([pose_at(40, 20)], ["a"]), colours=COLOURS, animal_size=40).any()
    assert not image.any()


@pytest.mark.parametrize(("x", "y"), [(50, 40), (50.5, 40), (50.5, 40.5), (50.25, 39.75)])
def test_nodes_lie_at_their_place_to_a_tenth_of_a_pixel(x, y):
    alone = Skeleton(nodes=("thorax",))
    image = overlay_frame(
        np.zeros((80, 100, 3), np.uint8),
        poses_of([[[x, y]]], [None], alone),
        colours={},
        animal_size=450,
        labels=False,
    )
    weight = np.clip(image[..., 0].astype(float) - 20, 0, None)
    rows, columns = np.indices(weight.shape)
    assert (weight * columns).sum() / weight.sum() == pytest.approx(x, abs=0.1)
    assert (weight * rows).sum() / weight.sum() == pytest.approx(y, abs=0.1)


@pytest.mark.parametrize(("size", "thickness"), [(20, 1), (120, 2), (600, 10)])
def test_edges_are_as_thick_as_the_animals_are_large(size, thickness):
    # A quarter of the way along an edge, away from the nodes.
    image = draw([[[20, 60], [100, 60], [180, 60]]], animal_size=size)
    column = (np.abs(image[:, 60].astype(int) - SKY).sum(axis=1) < 120).sum()
    assert column == pytest.approx(thickness, abs=1)


def test_nodes_that_are_not_visible_and_their_edges_are_left_out():
    image = draw([[[20, 60], [np.nan, np.nan], [180, 60]]])
    assert tuple(image[60, 20]) == SKY
    assert tuple(image[60, 180]) == SKY
    assert (image[60, 40:160] == 128).all()
    assert (draw([[[np.nan, np.nan]] * 3], labels=True) == 128).all()


@pytest.mark.parametrize("far", [-3e9, 5e4, 1e30, np.inf])
def test_points_far_outside_do_no_harm(far):
    image = draw(
        [[[20, 60], [far, far], [180, 60]]], labels=True, trails={"a": np.array([[far, 0], [20, 60], [50, 60]])}
    )
    assert tuple(image[60, 180]) == SKY


def test_an_edge_leaves_the_image_where_it_should():
    image = draw([[[100, 60], [400, 60], [np.nan, np.nan]]])
    assert (np.abs(image[60, 110:].astype(int) - SKY).max(axis=1) < 10).all()


def test_trails_fade_towards_their_oldest_end():
    trail = np.stack([np.arange(10.0, 191, 10), np.full(19, 100.0)], axis=1)
    image = draw([pose_at(50, 20)], trails={"a": trail})
    along = image[100, 15:185:10, 2].astype(int)
    assert (np.diff(along) > 0).all()
    assert along[0] - 128 < 20
    assert SKY[2] - along[-1] < 20


@pytest.mark.parametrize("name", ["a", "蟻 $x$", "", "n" * 300])
@pytest.mark.parametrize("place", [(100, 60), (5, 2), (195, 118), (-50, -50)])
def test_names_are_written_inside_the_image(name, place):
    before = draw([pose_at(*place)], [name])
    after = draw([pose_at(*place)], [name], labels=True)
    changed = np.argwhere((before != after).any(axis=-1))
    if name:
        assert len(changed) > 20
        rows, columns = changed[:, 0], changed[:, 1]
        if place == (100, 60):
            assert rows.max() < 60, "above the animal"
            assert columns.mean() == pytest.approx(100, abs=8), "and in its middle"


@pytest.mark.parametrize("name", ["a", "b", "dark"])
def test_names_are_readable_on_any_background(name):
    for background in (0, 128, 255):
        image = overlay_frame(
            np.full((120, 200, 3), background, np.uint8),
            poses_of([pose_at(100, 90)], [name]),
            colours=COLOURS | {"dark": BLUE},
            animal_size=40,
        )
        box = image[60:86, 85:116].astype(float).mean(axis=-1)
        written = box[(box != background).any(axis=1)]
        assert np.ptp(written) > 60, "letters stand out from their box"


def test_scores_stand_beside_names_and_alone_where_there_is_no_name():
    poses = poses_of([pose_at(50, 40), pose_at(140, 90)], ["a", None])
    poses.instance_score[:] = 0.87, 0.5
    shown = {}
    for options in [(True, False), (True, True), (False, True), (False, False)]:
        labels, scores = options
        image = np.full((120, 200, 3), 128, np.uint8)
        shown[options] = overlay_frame(image, poses, colours=COLOURS, animal_size=40, labels=labels, scores=scores)
    bare = shown[False, False]
    changed = {key: (image != bare).any(axis=-1) for key, image in shown.items()}
    assert changed[True, False][:60].any()
    assert not changed[True, False][60:].any(), "an animal without a track has no name"
    assert changed[True, True][:60].sum() > changed[True, False][:60].sum()
    assert changed[False, True][60:].any()


def crossing(gap):
    """Boxes of two animals side by side, and the sizes of their names, which are wider than they."""
    return np.array([[40.0, 60, 60, 80], [40 + gap, 60, 60 + gap, 80]]), np.array([[50, 14], [50, 14]])


def overlap(a, b):
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    return np.clip(high - low, 0, None).prod()


@pytest.mark.parametrize("gap", [5, 15, 25, 40])
@pytest.mark.parametrize("image", [(200, 160), (120, 100)])
def test_names_cover_neither_animals_nor_names(gap, image):
    boxes, sizes = crossing(gap)
    corners = LabelPlaces().find(["a", "b"], sizes, boxes, image)
    names = np.concatenate([corners, corners + sizes], axis=1)
    assert overlap(*names) == 0
    assert sum(overlap(name, box) for name in names for box in boxes) == 0
    assert (corners >= 0).all()
    assert (corners + sizes <= image).all()


def test_names_stay_where_they_were_until_something_is_in_their_way():
    places = LabelPlaces()
    sides = []
    for gap in [60, 30, 25, 30, 60]:
        boxes, sizes = crossing(gap)
        corners = places.find(["a", "b"], sizes, boxes, (300, 300))
        sides.append(tuple(map(tuple, np.sign(np.round(corners + sizes / 2 - (boxes[:, :2] + boxes[:, 2:]) / 2)))))
    assert sides[0] == ((0, -1), (0, -1)), "both above"
    assert len(set(sides[1:4])) == 1, "no name jumps while both are near"


def test_five_hundred_names_find_a_place():
    middles = np.random.default_rng(0).uniform(0, 2000, (500, 2))
    boxes = np.concatenate([middles - 20, middles + 20], axis=1)
    corners = LabelPlaces().find([None] * 500, np.tile([60, 14], (500, 1)), boxes, (2000, 2000))
    assert corners.shape == (500, 2)
    assert LabelPlaces().find([], np.zeros((0, 2)), np.zeros((0, 4)), (10, 10)).shape == (0, 2)


def test_the_caption_is_in_the_upper_left_corner():
    image = draw([pose_at(150, 90)], caption="frame 7   0:00.28")
    assert (image[4:20, 4:100] == 255).any()
    assert tuple(image[2, 2]) == (128, 128, 128)


def test_a_tiny_frame_without_animals_is_fine():
    empty = poses_of(np.zeros((0, 3, 2)), [])
    image = np.zeros((2, 2, 3), np.uint8)
    assert not overlay_frame(image, empty, colours={}, animal_size=1).any()
