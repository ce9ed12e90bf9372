import numpy as np
import pytest

from antpipe.synthetic.body import Ellipses
from antpipe.synthetic.draw import make_layers, overlap, paint_ellipses, paint_over, paint_strokes

WHITE = np.full((1, 3), 255.0)
ABOVE = np.array([0.0, 0.0, 1.0])
PLACES = np.random.default_rng(0).uniform((30, 25), (31, 26), (12, 2))


def centroid(weight):
    y, x = np.indices(weight.shape)
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


def drawn_stroke(start, stop, width, size=(60, 50)):
    layers = make_layers(1, size)
    ends = np.array([start], float)[None], np.array([stop], float)[None]
    paint_strokes(layers, *ends, np.array([[width, width]]), WHITE, ABOVE)
    return layers[0, ..., 3].astype(float)


def drawn_ellipse(centre, angle, half_length, half_width, size=(60, 50)):
    layers = make_layers(1, size)
    one = np.ones((1, 1))
    ellipses = Ellipses(
        centre=np.array([[centre]], float),
        axis=np.array([[[np.cos(angle), np.sin(angle)]]]),
        half_length=half_length * one,
        half_width=half_width * one,
        taper=np.zeros(1),
    )
    paint_ellipses(layers, ellipses, np.full((1, 4, 3), 255.0), ABOVE)
    return layers[0, ..., 3].astype(float)


@pytest.mark.parametrize("run", [(0, 0), (17.3, 4.1), (-3.7, 15.2), (12, -12), (0, 20), (-20, 0)])
@pytest.mark.parametrize("width", [0.3, 0.6, 1.4, 3.0])
def test_a_stroke_lies_where_its_ends_say(run, width):
    for start in PLACES:
        stop = start + run
        np.testing.assert_allclose(centroid(drawn_stroke(start, stop, width)), (start + stop) / 2, atol=0.02)


@pytest.mark.parametrize("angle", [0, 0.3, np.pi / 4, 1.2, np.pi / 2, 2.5])
@pytest.mark.parametrize("width", [0.3, 0.8, 2.0])
def test_a_stroke_covers_its_area(angle, width):
    start = np.array([30.2, 24.7])
    stop = start + 18 * np.array([np.cos(angle), np.sin(angle)])
    area = 2 * width * 18 + np.pi * width**2
    assert drawn_stroke(start, stop, width).sum() == pytest.approx(area, rel=0.12)


@pytest.mark.parametrize("axes", [(10, 6), (8, 1.2), (3, 3), (1.2, 0.9)])
@pytest.mark.parametrize("angle", [0, 0.4, 2.0, -1.1])
def test_an_ellipse_lies_where_its_centre_is(axes, angle):
    for centre in PLACES:
        cover = drawn_ellipse(centre, angle, *axes)
        np.testing.assert_allclose(centroid(cover), centre, atol=0.05)
    # The lens spreads the outline, which makes the smallest shapes larger, but no wider than by a quarter of a pixel.
    assert np.pi * axes[0] * axes[1] * 0.97 < cover.sum() < np.pi * (axes[0] + 0.25) * (axes[1] + 0.25)


def test_shapes_are_cut_at_the_edge():
    assert drawn_stroke((-5, 10), (70, 10), 2)[10, [0, 30, 59]].tolist() == [1, 1, 1]
    assert drawn_stroke((-50, -50), (-40, -45), 2).sum() == 0
    assert drawn_ellipse((0, 0), 0, 10, 10)[0, 0] == 1
    assert drawn_ellipse((200, 200), 0, 10, 10).sum() == 0


def test_layers_of_an_exposure_are_painted_apart():
    layers = make_layers(2, (40, 30))
    starts = np.array([[[10, 10]], [[20, 20]]], float)
    paint_strokes(layers, starts, starts, np.array([[2.0, 2.0]]), WHITE, ABOVE)
    np.testing.assert_allclose(centroid(layers[0, ..., 3]), [10, 10], atol=1e-3)
    np.testing.assert_allclose(centroid(layers[1, ..., 3]), [20, 20], atol=1e-3)


def test_painting_over():
    image = np.full((4, 4, 3), 100, np.float32)
    layer = np.zeros((2, 2, 4), np.float32)
    layer[0, 0] = [200, 0, 0, 1]
    layer[1, 1] = [50, 50, 50, 0.5]
    paint_over(image, layer, 1, 2)
    assert image[2, 1].tolist() == [200, 0, 0]
    assert image[3, 2].tolist() == [100, 100, 100]
    assert image[2, 2].tolist() == [100, 100, 100]


@pytest.mark.parametrize(("left", "top", "shape"), [(-1, -1, (1, 1)), (3, 1, (2, 1)), (9, 0, (2, 0)), (-5, -5, (0, 0))])
def test_overlap_of_image_and_layer(left, top, shape):
    image, layer = np.zeros((4, 4, 3)), np.zeros((2, 2, 4))
    target, source = overlap(image, layer, left, top)
    assert target.shape[:2] == source.shape[:2] == shape
