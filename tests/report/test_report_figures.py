"""The figures: their pixels and what their axes say."""

import warnings

import cv2
import numpy as np
import pandas as pd
import pytest
from drawn_tracks import SKELETON, draw_tracks, make_info, pose_at

from antpipe.errors import ModelError
from antpipe.poses import empty_poses
from antpipe.poses_file import write_poses
from antpipe.report.colours import BLUE, ORANGE, SKY, VERMILLION, track_colours
from antpipe.report.figure import clock
from antpipe.report.learning import plot_learning_curves
from antpipe.report.samples import plot_examples
from antpipe.report.timeline import plot_track_timeline

HOSTILE = "a$b$ <i> & 'x' \\frac{"


@pytest.fixture
def figures(monkeypatch):
    """Collect the figures as they are saved, to look at what is drawn besides the pixels."""
    from matplotlib.figure import Figure

    seen = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda self, *a, **k: (seen.append(self), save(self, *a, **k)))
    return seen


def pixels(path, colour):
    """Return where the picture has exactly this colour (height, width)."""
    image = cv2.imread(str(path))
    assert image is not None
    assert image.std() > 0
    return (image[..., ::-1] == colour).all(axis=-1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (7.25, "0:07.2"), (59.96, "1:00"), (83, "1:23"), (3600, "1:00:00"), (3725.5, "1:02:05.5")],
)
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_timeline_shows_bars_with_their_gaps(tmp_path, figures):
    write_poses(
        tmp_path / "p.parquet", draw_tracks(make_info(), {"ant 0": range(100), "ant 1": [*range(25), *range(75, 100)]})
    )
    plot_track_timeline(tmp_path / "p.parquet", tmp_path / "t.png")
    colours = track_colours(["ant 0", "ant 1"])
    whole, gap = (pixels(tmp_path / "t.png", colours[name]) for name in ("ant 0", "ant 1"))
    row_of_whole, row_of_gap = (mask[np.flatnonzero(mask.any(axis=1))[2]] for mask in (whole, gap))
    assert row_of_whole.sum() == pytest.approx(2 * row_of_gap.sum(), rel=0.02)
    filled = np.flatnonzero(row_of_gap)
    widest = np.diff(filled).max()
    assert widest == pytest.approx(len(filled), rel=0.03), "the gap is as long as the bars together"
    above, below = figures[0].axes
    assert [label.get_text() for label in above.get_yticklabels()] == ["ant 0", "ant 1"]
    assert below.get_xlabel() == "Time in the video (minutes:seconds)"
    assert below.get_xlim() == (0, 10)
    assert below.lines[0].get_ydata()[[0, 30, 80]].tolist() == [2, 1, 2]


def test_timeline_of_a_long_video_shows_the_range_of_neighbouring_frames(tmp_path, figures):
    info = make_info(frames=((0, 50_000),))
    write_poses(tmp_path / "p.parquet", draw_tracks(info, {"a": range(0, 50_000, 2), "b": [40_000]}))
    plot_track_timeline(tmp_path / "p.parquet", tmp_path / "t.png")
    line = figures[0].axes[1].lines[0]
    assert len(line.get_ydata()) == 2001
    np.testing.assert_allclose(np.median(line.get_ydata()), 0.5, atol=0.02)
    assert figures[0].axes[1].get_xlabel() == "Time in the video (hours:minutes:seconds)"


@pytest.mark.parametrize("tracks", [0, 1, 60, 400])
def test_timeline_of_none_one_and_many_tracks(tracks, tmp_path, figures):
    write_poses(
        tmp_path / "p.parquet", draw_tracks(make_info(), {f"{HOSTILE} {i}": [i % 100, 99] for i in range(tracks)})
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_track_timeline(tmp_path / "p.parquet", tmp_path / "t.png")
    assert figures[0].axes[0].get_title(loc="left") == f"{tracks} track{'' if tracks == 1 else 's'}"


def test_timeline_of_nothing_examined(tmp_path):
    write_poses(tmp_path / "p.parquet", empty_poses(make_info(frames=())))
    plot_track_timeline(tmp_path / "p.parquet", tmp_path / "t.png")
    assert (tmp_path / "t.png").is_file()


def write_log(path, **columns):
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def test_learning_curves_mark_the_epoch_of_the_lowest_validation_loss(tmp_path, figures):
    log = write_log(
        tmp_path / "log.csv", epoch=[0, 1, 2, 3], loss=[1, 0.1, 0.01, 0.0], lr=[1e-3] * 4, val_loss=[2, 0.2, 0.1, 0.3]
    )
    plot_learning_curves(log, tmp_path / "l.png")
    axes = figures[0].axes[0]
    assert axes.get_yscale() == "log"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["training", "validation", "best: epoch 2, loss 0.1"]
    assert [line.get_xydata()[0].tolist() for line in axes.lines][2] == [2, 0.1]
    for colour in (BLUE, VERMILLION):
        assert pixels(tmp_path / "l.png", colour).sum() > 100


def test_learning_curves_show_the_nodes_of_a_real_log(shared_data, tmp_path, figures):
    log = shared_data / "ants_models" / "leaf_tip" / "240514_103059.centered_instance.fold_1" / "training_log.csv"
    plot_learning_curves(log, tmp_path / "l.png")
    labels = [text.get_text() for text in figures[0].axes[2].get_legend().get_texts()]
    assert len(labels) == 18
    assert {"Head", "LForeFoot"} <= set(labels)
    looks = {(line.get_color(), line.get_linestyle()) for line in figures[0].axes[2].lines}
    assert len(looks) == 18, "each node can be told from the others"


def test_learning_curves_without_validation_or_rate(tmp_path, figures):
    plot_learning_curves(
        write_log(tmp_path / "log.csv", epoch=[0, 1], loss=[2, 1], val_loss=[None] * 2), tmp_path / "l.png"
    )
    labels = [text.get_text() for text in figures[0].axes[0].get_legend().get_texts()]
    assert labels == ["training", "best: epoch 1, loss 1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "training log not found; train the model first"),
        ("", "expected a training log in CSV"),
        ("epoch,loss\n", "has no epoch yet"),
        ("step,value\n1,2\n", r"expected the columns epoch and loss, but \['epoch', 'loss'\] are not among"),
    ],
)
def test_learning_curves_of_a_log_that_is_none(text, message, tmp_path):
    if text is not None:
        (tmp_path / "log.csv").write_text(text)
    with pytest.raises(ModelError, match=message):
        plot_learning_curves(tmp_path / "log.csv", tmp_path / "l.png")
    assert not (tmp_path / "l.png").exists()


def test_examples_show_truth_as_rings_and_predictions_as_dots(tmp_path):
    images = [np.zeros((60, 80), np.uint8), np.full((60, 80, 1), 255, np.uint8), np.zeros((60, 80, 3), np.uint8)]
    truth = np.array([[[10, 10], [20, 10], [30, 10]]], float)
    predicted = np.array([[[10, 40], [40, 40], [np.nan, np.nan]]])
    plot_examples(images, [truth] * 3, [predicted] * 3, SKELETON, tmp_path / "s.png", titles=[HOSTILE, "b", "c"])
    rings, dots = pixels(tmp_path / "s.png", SKY), pixels(tmp_path / "s.png", ORANGE)
    assert rings.any()
    count, *_ = cv2.connectedComponents(rings.astype(np.uint8))
    assert count - 1 >= 9
    first = np.argwhere(rings)[:, 0].min(), np.argwhere(dots)[:, 0].min()
    assert first[0] < first[1], "truth was drawn above the prediction"


@pytest.mark.parametrize("number", [0, 1, 2, 17])
def test_examples_of_any_number(number, tmp_path):
    points = [pose_at(30, 20)[None]] * number
    empty = [np.zeros((0, 3, 2))] * number
    plot_examples([np.zeros((40, 60), np.uint8)] * number, points, empty, SKELETON, tmp_path / "s.png")
    assert pixels(tmp_path / "s.png", SKY).any()
