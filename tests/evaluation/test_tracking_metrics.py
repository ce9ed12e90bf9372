import numpy as np
import pytest

from antpipe.errors import LabelError
from antpipe.evaluation.tracking import tracking_metrics


def scene(*frames):
    """Frames of {identity: place}: an identity is a point far from the others, unless at the same place."""
    return [(list(f), np.array([[[100.0 * place, 0.0]] for place in f.values()]).reshape(-1, 1, 2)) for f in frames]


def exact(truth, predicted):
    """1 at the same place, else 0."""
    return (np.abs(truth[:, None, 0, 0] - predicted[None, :, 0, 0]) < 1).astype(float)


def metrics(truth, tracked):
    return tracking_metrics(scene(*truth), scene(*tracked), similarity=exact)


def approx(**values):
    return {name: pytest.approx(value, nan_ok=True) for name, value in values.items()}


def pick(result, expected):
    return {name: result[name] for name in expected}


AB = {"a": 0, "b": 1}


@pytest.mark.parametrize(
    ("truth", "tracked", "expected"),
    [
        pytest.param(
            [AB] * 4,
            [{1: 0, 2: 1}] * 4,
            approx(
                MOTA=1, IDF1=1, HOTA=1, DetA=1, AssA=1, id_switches=0, fragments=0, tp=8, fp=0, fn=0, mostly_tracked=2
            ),
            id="perfect",
        ),
        pytest.param(
            [{"a": 0}] * 4,
            [{1: 0}] * 2 + [{2: 0}] * 2,
            # Each half matches with 2 / (4 + 2 - 2).
            approx(MOTA=3 / 4, id_switches=1, IDF1=1 / 2, idtp=2, DetA=1, AssA=1 / 2, HOTA=0.5**0.5, fragments=0),
            id="one switch half way",
        ),
        pytest.param(
            [AB] * 4,
            [{1: 0, 2: 1}] * 2 + [{1: 1, 2: 0}] * 2,
            # All four combinations share 2 frames of 4 + 4.
            approx(MOTA=3 / 4, id_switches=2, IDF1=1 / 2, AssA=1 / 3, HOTA=(1 / 3) ** 0.5),
            id="two animals change names",
        ),
        pytest.param(
            [AB] * 3,
            [{1: 0, 2: 1}, {2: 1}, {1: 0, 2: 1}],
            approx(MOTA=5 / 6, fn=1, fragments=1, id_switches=0, IDF1=10 / 11, DetA=5 / 6, AssA=(2 * 2 / 3 + 3) / 5),
            id="a gap",
        ),
        pytest.param(
            [{"a": 0}] * 2,
            [{1: 0, 2: 5}] * 2,
            approx(MOTA=0, fp=2, precision=1 / 2, recall=1, IDF1=2 / 3, DetA=1 / 2, AssA=1, HOTA=0.5**0.5),
            id="a false track",
        ),
        pytest.param(
            [{"a": 0}] * 2,
            [{}] * 2,
            approx(MOTA=0, fn=2, MOTP=np.nan, precision=np.nan, recall=0, IDF1=0, HOTA=0, mostly_lost=1),
            id="nothing tracked",
        ),
        pytest.param(
            [{}] * 2,
            [{1: 0}] * 2,
            approx(MOTA=np.nan, fp=2, recall=np.nan, IDF1=0, HOTA=np.nan, mostly_lost=0),
            id="nothing there",
        ),
        pytest.param([], [], approx(frames=0, MOTA=np.nan, IDF1=np.nan, HOTA=np.nan), id="no frames"),
        pytest.param(
            [{"a": 0}] * 10,
            [{1: 0}] * 5 + [{}] * 5,
            approx(partly_tracked=1, mostly_tracked=0, recall=1 / 2),
            id="tracked for half the time",
        ),
    ],
)
def test_hand_computed_cases(truth, tracked, expected):
    assert pick(metrics(truth, tracked), expected) == expected


def test_two_animals_in_one_place_keep_their_tracks():
    # Both tracks are at both animals in frame 1: the matching prefers the tracks of the frame before.
    result = metrics([AB, {"a": 0, "b": 0}, AB], [{1: 0, 2: 1}, {2: 0, 1: 0}, {1: 0, 2: 1}])
    assert (result["id_switches"], result["IDF1"], result["HOTA"]) == (0, 1, pytest.approx(1))


def test_hota_is_averaged_over_similarities():
    truth = [(["a"], np.zeros((1, 1, 2)))]
    result = tracking_metrics(truth, truth, similarity=lambda t, p: np.full((1, 1), 0.62))
    assert result["HOTA"] == pytest.approx(12 / 19)  # .05 to .60
    assert result["HOTA.curve"].tolist() == [1] * 12 + [0] * 7
    assert (result["MOTA"], result["MOTP"]) == (1, 0.62)
    below = tracking_metrics(truth, truth, similarity=lambda t, p: np.full((1, 1), 0.49))
    assert (below["MOTA"], below["IDF1"], below["HOTA"]) == (-1, 0, pytest.approx(9 / 19))


def test_names_of_identities_do_not_matter():
    rng = np.random.default_rng(0)
    truth = [{i: rng.integers(20) * 20 + i for i in range(6) if rng.random() < 0.8} for _ in range(30)]
    tracked = [{(i + (t > 15)) % 6: place for i, place in f.items()} for t, f in enumerate(truth)]
    renamed = [{f"track {i}": place for i, place in reversed(f.items())} for f in tracked]
    first, second = metrics(truth, tracked), metrics(truth, renamed)
    for name, value in first.items():
        np.testing.assert_allclose(second[name], value, err_msg=name)


def test_default_similarity_is_by_distance():
    pose = np.array([[[0.0, 0], [20, 0]]])
    result = tracking_metrics([(["a"], pose)], [([7], pose + 4)])
    assert result["MOTP"] == pytest.approx(1 - np.hypot(4, 4) / 20)


def test_an_animal_in_two_places_is_refused():
    truth = [(["a", "b"], np.zeros((2, 1, 2)))]
    with pytest.raises(LabelError, match="track 3 is on more than one instance of frame 0 of 1"):
        tracking_metrics(truth, [([3, 3], np.zeros((2, 1, 2)))], similarity=exact)
