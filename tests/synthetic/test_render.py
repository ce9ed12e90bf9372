from dataclasses import replace

import numpy as np
import pytest

from antpipe.config.simulate import SimulateConfig
from antpipe.synthetic.body import body_parts, eyes
from antpipe.synthetic.gait import ANTENNA_MEAN
from antpipe.synthetic.limbs import WIDTHS
from antpipe.synthetic.looks import STEPS, Look
from antpipe.synthetic.render import Figure, draw_ant, make_figure, make_studio, paint_ant, render_frame
from antpipe.synthetic.scene import make_scene, pose_at
from antpipe.synthetic.skeleton import ABDOMEN, HEAD, MEAN_POSE, NODES, PETIOLE

LENGTH = 60.0
LIGHT = np.array([0.5, 0.3, 0.81])
GRAY = Look(parts=np.full((9, STEPS, 3), 90, np.float32), limbs=np.full((len(WIDTHS), 3), 90, np.float32))


def figure_at(places) -> Figure:
    """Return one ant of mean pose at places (moments, 2)."""
    points = MEAN_POSE * LENGTH + np.asarray(places, float)[:, None]
    return make_figure(points, np.array(LENGTH), np.broadcast_to(ANTENNA_MEAN, (len(points), 2, 2)))


def centroid(weight):
    y, x = np.indices(weight.shape)
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


@pytest.mark.parametrize("shift", np.random.default_rng(1).uniform(0, 1, (8, 2)))
def test_the_picture_moves_with_the_labels(shift):
    size = (200, 160)
    still = paint_ant(figure_at([(100, 80)]), GRAY, LIGHT, size)[..., 3]
    moved = paint_ant(figure_at([np.add(shift, (100, 80))]), GRAY, LIGHT, size)[..., 3]
    np.testing.assert_allclose(centroid(moved) - centroid(still), shift, atol=0.03)


@pytest.mark.parametrize("defocus", [0.4, 0.8])
@pytest.mark.parametrize("place", [(100.0, 80.0), (100.37, 80.71), (99.5, 79.5)])
def test_an_eye_is_where_the_label_says_in_the_finished_picture(place, defocus):
    ant = figure_at([place])
    parts = GRAY.parts.copy()
    parts[-1] += 100
    pictures = [np.full((160, 200, 3), 150, np.float32) for _ in range(2)]
    for picture, look in zip(pictures, (GRAY, replace(GRAY, parts=parts)), strict=True):
        draw_ant(picture, ant, look, np.array([0.0, 0.0, 1.0]), 0.4, defocus)
    right_eye = (pictures[1] - pictures[0]).sum(axis=-1)
    points = MEAN_POSE * LENGTH + place
    expected = eyes(body_parts(points, np.array(LENGTH))).centre[1]
    np.testing.assert_allclose(centroid(right_eye), expected, atol=0.05)


def test_motion_blur_is_centred_on_the_label():
    run = np.array([6.0, -3.5])
    blurred = figure_at(np.array([100, 80]) + ((np.arange(9) + 0.5) / 9 - 0.5)[:, None] * run)
    sharp = figure_at([(100, 80)])
    alpha = [paint_ant(ant, GRAY, LIGHT, (200, 160))[..., 3] for ant in (blurred, sharp)]
    np.testing.assert_allclose(centroid(alpha[0]), centroid(alpha[1]), atol=0.03)
    assert (alpha[0] > 0.01).sum() > 1.2 * (alpha[1] > 0.01).sum()


@pytest.mark.parametrize("node", [HEAD, ABDOMEN])
def test_body_ends_near_its_end_nodes(node):
    alpha = paint_ant(figure_at([(100, 80)]), GRAY, LIGHT, (200, 160))[80, :, 3]
    columns = np.flatnonzero(alpha > 0.5)
    end = columns.max() if node == HEAD else columns.min()
    # Mandibles reach beyond the Head node, which lies between them; so the outline there is the head's own.
    assert end == pytest.approx(100 + MEAN_POSE[node, 0] * LENGTH, abs=1.6)


def test_the_upper_ant_is_drawn_over_the_lower_one():
    scene = make_scene(SimulateConfig(ants=2, frames=2, seed=3), 0)
    studio = make_studio(scene)
    together = pose_at(scene, np.zeros(9))
    together.points[:, 1] += together.points[:, :1, PETIOLE : ABDOMEN + 1].mean(axis=2) - together.points[
        :, 1:, PETIOLE : ABDOMEN + 1
    ].mean(axis=2)
    figures = make_figure(together.points, scene.anatomy.length, together.angles.antennae)
    x, y = np.rint(together.points[0, 0, PETIOLE : ABDOMEN + 1].mean(axis=0)).astype(int)
    dyes = [
        replace(look, parts=np.full_like(look.parts, dye)) for look, dye in zip(studio.looks, (40, 160), strict=True)
    ]
    levels = []
    for order in ((0, 1), (1, 0)):
        picture = studio.background.copy()
        for ant in order:
            one = Figure(
                starts=figures.starts[4:5, ant],
                stops=figures.stops[4:5, ant],
                body=figures.body[4:5, ant],
                legs=figures.legs[ant],
                length=figures.length[ant],
            )
            draw_ant(picture, one, dyes[ant], studio.light, 0.3, 0.4)
        levels.append(float(picture[y, x].min()))
    assert levels[0] > levels[1] + 30


@pytest.mark.parametrize("difficulty", ["easy", "hard"])
def test_frames_do_not_depend_on_which_were_drawn_before(difficulty):
    scene = make_scene(SimulateConfig(ants=3, frames=10, width=240, height=180, difficulty=difficulty), 0)
    studio = make_studio(scene)
    frames = [render_frame(scene, studio, frame) for frame in (0, 1, 2)]
    assert frames[0].shape == (180, 240, 3)
    assert frames[0].dtype == np.uint8
    np.testing.assert_array_equal(render_frame(scene, make_studio(scene), 2), frames[2])
    assert (frames[0] != frames[1]).mean() > 0.3


def test_ants_are_where_the_labels_are_in_a_frame():
    scene = make_scene(SimulateConfig(ants=4, frames=4, seed=2), 0)
    studio = make_studio(scene)
    frame = render_frame(scene, studio, 2).astype(float)
    difference = np.abs(frame - studio.background * studio.vignette).sum(axis=-1)
    body = pose_at(scene, np.array([2])).points[0, :, [NODES.index("UpperThorax"), NODES.index("Neck")]].reshape(-1, 2)
    inside = body[((body > 2) & (body < [637, 477])).all(axis=1)]
    x, y = np.rint(inside).astype(int).T
    assert np.median(difference[y, x]) > 8 * np.median(difference)


def test_an_ant_outside_the_picture_changes_nothing():
    picture = np.full((50, 50, 3), 150, np.float32)
    draw_ant(picture, figure_at([(500, 500)]), GRAY, LIGHT, 0.4, 0.5)
    assert (picture == 150).all()
