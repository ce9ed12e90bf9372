"""Poses on an image, pixel by pixel."""

import numpy as np
import pytest
from drawn_tracks import SKELETON, make_info, pose_at

from antpipe.poses import Skeleton, make_poses
from antpipe.report.colours import ORANGE, SKY
from antpipe.report.draw import UNTRACKED, overlay_frame

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


def test_names_are_readable_on_any_background():
    for background in (0, 128, 255):
        image = overlay_frame(
            np.full((120, 200, 3), background, np.uint8),
            poses_of([pose_at(100, 90)], ["a"]),
            colours=COLOURS,
            animal_size=40,
        )
        box = image[60:86].astype(int)
        text = np.abs(box - SKY).sum(axis=-1) < 60
        assert text.any()
        assert np.abs(box[text].mean() - background // 3) > 50


def test_the_caption_is_in_the_upper_left_corner():
    image = draw([pose_at(150, 90)], caption="frame 7   0:00.28")
    assert (image[4:20, 4:100] == 255).any()
    assert tuple(image[2, 2]) == (128, 128, 128)


def test_a_tiny_frame_without_animals_is_fine():
    empty = poses_of(np.zeros((0, 3, 2)), [])
    image = np.zeros((2, 2, 3), np.uint8)
    assert not overlay_frame(image, empty, colours={}, animal_size=1).any()
