import keras
import numpy as np
import pytest

from antpipe.targets.pafs import pafs

NAN = np.nan
EDGES = [(0, 1), (2, 1), (1, 3)]
ROWS, COLUMNS = 9, 12


def closed_form(start, end, stride, sigma):
    """The field (rows, columns, 2) of one edge: SLEAP's exp(-D^4 / (2 sigma^2)) at D pixels from the line, per cell."""
    field = np.zeros((ROWS, COLUMNS, 2))
    way = np.asarray(end, float) - start
    for row in range(ROWS):
        for column in range(COLUMNS):
            at = np.array([column, row]) * stride - np.asarray(start, float)
            share = min(max(at @ way / max(way @ way, 1), 0), 1)
            distance = np.linalg.norm(at - share * way)
            field[row, column] = np.exp(-(distance**4) / (2 * sigma**2)) * way / np.linalg.norm(way)
    return field


def drawn(animals, stride=4, sigma=30.0):
    return np.asarray(pafs(np.asarray(animals, np.float32), EDGES, ROWS, COLUMNS, stride, sigma))


ANIMAL = [[8.0, 12.0], [30.5, 17.25], [40.0, -3.0], [30.5, 40.0]]
OTHER = [[44.0, 4.0], [10.0, 20.0], [10.0, 20.4], [0.0, 0.0]]


@pytest.mark.parametrize("sigma", [5.0, 30.0, 75.0])
@pytest.mark.parametrize("stride", [1, 4, 8])
def test_a_field_points_along_its_edge_and_fades_with_the_distance(stride, sigma):
    fields = drawn([[ANIMAL], [OTHER]], stride, sigma)
    assert fields.shape == (2, ROWS, COLUMNS, 6)
    for sample, animal in enumerate((ANIMAL, OTHER)):
        for edge, (a, b) in enumerate(EDGES):
            expected = closed_form(animal[a], animal[b], stride, sigma)
            np.testing.assert_allclose(fields[sample, :, :, 2 * edge : 2 * edge + 2], expected, atol=2e-6)


def test_on_the_line_the_field_has_length_one_whatever_its_width():
    fields = drawn([[[[4.0, 8.0], [40.0, 8.0], [NAN, NAN], [NAN, NAN]]]], sigma=1e-3)
    np.testing.assert_allclose(fields[0, 2, 1:11, 0], 1)
    assert fields[0, :, :, 0].sum() == 10  # no cell beside the line, nor before or after it
    assert not fields[..., 1:].any()


@pytest.mark.parametrize("missing", [[NAN, NAN], [NAN, 3.0], [3.0, NAN]])
def test_an_edge_with_a_node_that_is_not_visible_gives_zeros(missing):
    alone, whole = ([[[*ANIMAL[:3], node]]] for node in (missing, ANIMAL[3]))
    fields = drawn(alone)
    assert not fields[..., 4:].any()
    np.testing.assert_array_equal(fields[..., :4], drawn(whole)[..., :4])


def test_fields_of_several_animals_add_up():
    both, nobody = drawn([[ANIMAL, OTHER, np.full((4, 2), NAN)]]), np.full((1, 2, 4, 2), NAN)
    np.testing.assert_allclose(both, drawn([[ANIMAL]]) + drawn([[OTHER]]), atol=1e-6)
    assert not drawn(nobody).any()


def test_an_edge_without_length_has_no_direction():
    at = [10.0, 20.0]
    assert not drawn([[[at, at, at, at]]]).any()


def test_fields_are_drawn_within_a_graph_whose_size_is_not_known():
    # As a loss does it: rows and columns are known only when the network runs.
    if keras.backend.backend() != "tensorflow":
        pytest.skip("graphs of unknown size are TensorFlow's")
    import tensorflow as tf

    draw = tf.function(
        lambda points, maps: pafs(points, EDGES, tf.shape(maps)[1], tf.shape(maps)[2], 4, 30.0),
        input_signature=[tf.TensorSpec((None, 1, 4, 2)), tf.TensorSpec((None, None, None, 6))],
    )
    found = draw(np.array([[ANIMAL]], np.float32), np.zeros((1, ROWS, COLUMNS, 6), np.float32))
    np.testing.assert_allclose(np.asarray(found), drawn([[ANIMAL]]), atol=1e-6)
