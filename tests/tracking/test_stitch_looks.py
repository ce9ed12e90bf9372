import numpy as np
import pytest
from scipy.stats import multivariate_normal

from antpipe.tracking.stitch_looks import BLOCK, Likeness, Looks, LooksTally, learn_likeness, sums


def looks_of(values, owner):
    """Looks of tracklets from values (rows, features) of their owners (rows,), in order."""
    tally = LooksTally(int(owner.max()) + 1, values.shape[1])
    frame = np.concatenate([np.arange((owner == o).sum()) for o in np.unique(owner)])
    tally.add(owner, frame, values)
    return tally.looks(np.unique(owner))


def animals(rng, count, tracklets, rows, spread):
    """Features of animals that differ by `spread` (features,); each has tracklets of so many rows."""
    animal = np.repeat(np.arange(count), tracklets)
    mean = rng.normal(0, 1, (count, len(spread))) * spread
    owner = np.repeat(np.arange(len(animal)), rows)
    return looks_of(mean[animal[owner]] + rng.normal(0, 1, (len(owner), len(spread))), owner), animal


def test_log_odds_are_those_of_two_normal_distributions():
    b, n1, n2, x, y = 4.0, 2.0, 5.0, 1.5, 0.5
    model = Likeness(middle=np.zeros(1), directions=np.eye(1), between=np.array([b]), slow=np.zeros(1))
    count = np.array([[n1], [n2]]) * BLOCK
    looks = Looks(total=np.array([[x], [y]]) * count, count=count, block=np.zeros((0, 1)), owner=np.zeros(0), every=1)
    p, q = b + 1 / n1, b + 1 / n2
    same = multivariate_normal.logpdf([x, y], cov=[[p, b], [b, q]])
    apart = multivariate_normal.logpdf([x, y], cov=[[p, 0], [0, q]])
    found = model.compare(looks, np.arange(2))(np.array([0]), np.array([1]))
    assert found[0] == pytest.approx(same - apart)


def test_likeness_is_learned_from_tracklets_of_the_same_animals():
    looks, animal = animals(np.random.default_rng(0), 12, 4, 200, np.array([1.5, 0.0, 1.0]))
    group = animal * 4
    following = np.where(np.arange(len(animal)) % 4 < 3, np.arange(len(animal)) + 1, -1)
    model = learn_likeness(looks, group, following)
    # The variance between blocks of 20 frames is 1/20; a tenth is added to it.
    mean = (looks.total / looks.count)[::4]
    assert model.between[:2].sum() == pytest.approx(mean.var(axis=0)[[0, 2]].sum() * 20 / 1.1, rel=0.25)
    assert model.between[2] < 1
    odds = model.compare(looks, np.arange(len(animal)))
    i, j = np.nonzero(np.triu(np.ones((len(animal),) * 2), 1))
    same = animal[i] == animal[j]
    assert (odds(i, j)[same] > 0).mean() > 0.95
    assert (odds(i, j)[~same] < 0).mean() > 0.85


def test_what_changes_slowly_is_believed_less():
    rng = np.random.default_rng(0)
    looks, animal = animals(rng, 6, 8, 100, np.array([1.0]))
    drift = np.repeat(rng.normal(0, 1, len(animal)), 100)[:, None]
    owner = np.repeat(np.arange(len(animal)), 100)
    drifting = looks_of(rng.normal(0, 1, (6, 1))[animal[owner]] + drift + rng.normal(0, 1, (len(owner), 1)), owner)
    following = np.where(np.arange(len(animal)) % 8 < 7, np.arange(len(animal)) + 1, -1)
    steady = learn_likeness(looks, np.arange(len(animal)), following)
    unsteady = learn_likeness(drifting, np.arange(len(animal)), following)
    assert steady.slow[0] < 0.5
    assert unsteady.slow[0] > 5


@pytest.mark.parametrize("tracklets", [0, 1])
def test_too_little_teaches_nothing(tracklets):
    owner = np.repeat(np.arange(tracklets), 100)
    looks = looks_of(np.zeros((len(owner), 2)), owner) if tracklets else LooksTally(0, 2).looks(np.zeros(0, int))
    assert learn_likeness(looks, np.arange(tracklets), np.full(tracklets, -1)) is None


def test_blocks_are_thinned_out_evenly(monkeypatch):
    monkeypatch.setattr("antpipe.tracking.stitch_looks.MOST_BLOCKS", 50)
    tally = LooksTally(1, 1)
    for start in range(0, 400 * BLOCK, BLOCK):
        frame = start + np.arange(BLOCK)
        tally.add(np.zeros(BLOCK, int), frame, frame[:, None].astype(float))
    kept = tally.looks(np.zeros(1, int)).block[:, 0]
    assert 25 <= len(kept) <= 51
    assert len(np.unique(np.diff(kept))) == 1


def test_sums():
    values = np.arange(6.0).reshape(3, 2)
    assert sums(values, np.array([1, 0, 1]), 3).tolist() == [[2, 3], [4, 6], [0, 0]]
