import pytest
from drawn_frames import animals, save_labels, save_poses

from antpipe.evaluation.project import project_accuracy
from antpipe.labels.read import read_labels
from antpipe.labels.split import split_from_indices
from antpipe.labels.split_file import write_split


@pytest.fixture
def project(tmp_path):
    """Labels of four frames, of which the last two are the test part, and the place of their video."""
    labels = save_labels(tmp_path / "labels.slp", {0: animals(0), 2: animals(0), 4: animals(0, 1), 6: animals(0)})
    write_split(tmp_path / "split.json", split_from_indices(read_labels(labels), train=[0], val=[1], test=[2, 3]))
    return labels, tmp_path / "split.json", {"film": tmp_path / "film.mp4"}


def test_only_labelled_frames_of_the_test_part_count(tmp_path, project):
    # Frame 6 was examined and nothing found in it; frame 1 is not labelled and frame 0 not in the test part.
    found = {0: animals(9), 1: animals(9), 4: animals(0, shift=3.0)}
    order = [2, 0]
    tracks = save_poses(
        tmp_path / "t.parquet", {i: p[:, order] for i, p in found.items()}, count=8, nodes=("tail", "head")
    )
    metrics = project_accuracy(*project, {"film": tracks}, {})["poses"]
    assert metrics["per_frame"]["video"] == ["film", "film"]
    assert metrics["per_frame"]["frame_idx"] == [4, 6]
    assert metrics["per_frame"]["found"] == [1, 0]
    assert (metrics["frames.without_prediction"], metrics["frames.not_labelled"]) == (0, 0)
    assert metrics["dist.avg"] == 3
    assert metrics["nodes"]["thorax"]["lost"] == 1
    assert metrics["calibration.points.count"] == [2]
