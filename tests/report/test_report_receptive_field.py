"""The figure of the receptive field: its boxes and its words."""

import json

import numpy as np
import pytest

from antpipe.errors import ModelError
from antpipe.report.model import draw_run
from antpipe.report.receptive_field import plot_receptive_field

NAN = np.nan
ANIMAL = np.array([[20.0, 30.0], [60.0, 50.0], [NAN, NAN], [40.0, 44.0]])


@pytest.fixture
def figures(monkeypatch):
    """Collect the figures as they are saved."""
    from matplotlib.figure import Figure

    seen = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: (seen.append(self), save(self, *a, **k)))
    return seen


def plot(tmp_path, figures, field, *, animal=40.0, scale=1.0, points=ANIMAL, channels=1, title="film $ü 3"):
    image = np.full((80, 90, channels), 100, np.uint8)
    plot_receptive_field(image, points, field, animal, scale, tmp_path / "field.png", title=title)
    (figure,) = figures
    (axes,) = figure.axes
    boxes = {patch.get_label(): patch.get_bbox().bounds for patch in axes.patches}
    return figure, axes, boxes


@pytest.mark.parametrize("channels", [1, 3])
def test_the_field_is_a_square_around_the_middle_of_the_animal(tmp_path, figures, channels):
    figure, axes, boxes = plot(tmp_path, figures, 50.0, channels=channels)
    assert boxes == {
        "median animal: 40 px": (20, 30, 40, 20),
        "receptive field: 50 px": (40 - 25, 40 - 25, 50, 50),
    }
    assert figure.get_suptitle() == ""
    assert axes.get_title(loc="left") == "film $ü 3"
    assert (tmp_path / "field.png").stat().st_size > 1000


def test_words_count_in_pixels_of_the_input(tmp_path, figures):
    _, _, boxes = plot(tmp_path, figures, 50.0, scale=0.5)
    assert list(boxes) == ["median animal: 20 px", "receptive field: 25 px"]


@pytest.mark.parametrize(("field", "warned"), [(39.9, True), (40.0, False)])
def test_a_field_smaller_than_the_animal_is_warned_of(tmp_path, figures, field, warned):
    figure, axes, _ = plot(tmp_path, figures, field)
    assert ("does not see a whole animal" in figure.get_suptitle()) == warned
    animal, square = (patch.get_edgecolor() for patch in axes.patches)
    assert animal != square
    red, _, blue, _ = square
    assert (red > blue) == warned


def test_a_network_that_sees_everything_has_no_square(tmp_path, figures):
    figure, _, boxes = plot(tmp_path, figures, np.inf)
    assert list(boxes) == ["median animal: 40 px"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "median animal: 40 px",
        "receptive field: the whole image",
    ]


def test_an_animal_of_one_visible_node_is_a_point(tmp_path, figures):
    points = np.array([[NAN, NAN], [30.0, 31.0]])
    _, _, boxes = plot(tmp_path, figures, 10.0, animal=0.0, points=points)
    assert boxes["median animal: 0 px"] == (30, 31, 0, 0)
    assert boxes["receptive field: 10 px"] == (25, 26, 10, 10)


def test_a_folder_without_a_field_is_said(tmp_path):
    (tmp_path / "model.json").write_text(json.dumps({}))
    with pytest.raises(ModelError, match=r"not a finished run folder; expected examples.npz"):
        draw_run(tmp_path)
