import itertools

import numpy as np
import pytest
from drawn_walks import BODY, SIZE, animals, bodies, dots, imperfect, table, walk

from antpipe.config.tracking import TrackConfig
from antpipe.errors import ConfigError
from antpipe.poses_file import read_poses, write_poses
from antpipe.tracking.count import count_animals
from antpipe.tracking.track import track_file, track_poses

AUTO = TrackConfig(max_tracks="auto")


def crowd(count, frames=150, seed=0, nodes=BODY, **flaws):
    places, headings = walk(count, frames, side=110.0 * count**0.5, size=SIZE, seed=seed)
    return table(*imperfect(bodies(places, headings, nodes), size=SIZE, seed=seed, **flaws))


@pytest.mark.parametrize("count", [1, 2, 8, 30])
@pytest.mark.parametrize("nodes", [BODY, BODY[:1] * 0], ids=["poses", "points"])
def test_animals_are_counted_though_some_are_missed_and_others_invented(count, nodes):
    assert count_animals([crowd(count, nodes=nodes)], AUTO) == count


def test_many_misses_and_false_instances_do_not_matter():
    poses = crowd(8, frames=300, missed=0.25, false=0.25)
    counts = np.bincount(poses.frame_idx)
    assert np.percentile(counts, [10, 90]).tolist() != [8, 8]
    assert count_animals([poses], AUTO) == 8


def test_it_is_the_same_in_parts():
    poses = crowd(8)
    cuts = np.searchsorted(poses.frame_idx, [0, 3, 50, 150])
    assert count_animals((poses[slice(a, b)] for a, b in itertools.pairwise(cuts)), AUTO) == 8


def test_an_animal_that_comes_late_counts_if_it_stays():
    def shown(late):
        return table([animals((0, 0), (200, 0), *([(400, 0)] if t >= late else [])) for t in range(100)])

    assert count_animals([shown(late=50)], AUTO) == 3
    assert count_animals([shown(late=95)], AUTO) == 2


@pytest.mark.parametrize(
    ("frames", "count"),
    [([animals()] * 10, 1), ([animals((0, 0), (200, 0))], 2), ([animals((0, 0), (200, 0))] * 3, 2), ([], 1)],
)
def test_short_and_empty_videos_have_a_number_too(frames, count):
    assert count_animals([table(frames)] if frames else [], AUTO) == count


def test_named_animals_count_although_they_were_never_seen():
    poses = table([animals((0, 0))] * 20, classes=("a", "b", "c"))
    assert count_animals([poses], AUTO) == 3


@pytest.mark.parametrize("method", ["motion", "simplemaxtracks"])
def test_a_file_is_tracked_with_the_number_that_was_counted(tmp_path, method):
    write_poses(tmp_path / "p.parquet", crowd(5))
    track_file(tmp_path / "p.parquet", tmp_path / "t.parquet", TrackConfig(method=method, max_tracks="auto"))
    tracked = read_poses(tmp_path / "t.parquet")
    assert set(tracked.track) == {None, *(f"track_{i}" for i in range(5))}
    record = tracked.info.provenance["tracking"]
    assert record["settings"]["max_tracks"] == "auto"
    assert record["animals"] == 5


def test_tables_as_they_come_cannot_be_counted_first():
    with pytest.raises(ConfigError, match=r"track\.max_tracks: expected a number .* got 'auto'; track a file"):
        list(track_poses([table([dots((0, 0))])], AUTO))
