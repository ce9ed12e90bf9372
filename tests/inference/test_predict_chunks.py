import shutil

import pytest

from antpipe.config.inference import PredictConfig
from antpipe.errors import PosesError, VideoError
from antpipe.inference import predict
from antpipe.inference.chunks import FOLDER, join_poses
from antpipe.inference.frames import in_chunks
from antpipe.inference.predict import predict_video
from antpipe.poses import Poses
from antpipe.poses_file import read_info, read_poses

pytestmark = pytest.mark.usefixtures("models")
MODELS = ["centroid", "instance"]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(predict, "CHUNK_FRAMES", 6)
    monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", 5)


def predict_to(path, video, frames=None, part=(0, 1), **config):
    predict_video(video, MODELS, path, PredictConfig(**{"batch_size": 2, **config}), frames, part=part)
    return path


@pytest.fixture
def whole(film, tmp_path):
    return predict_to(tmp_path / "whole.parquet", film).read_bytes()


def kill_at(monkeypatch, frame_idx):
    """Let the process die when this frame's poses are made."""
    plain = predict._as_poses

    def dying(frames, found, info) -> Poses:
        if any(frame.frame_idx == frame_idx for frame in frames):
            raise KeyboardInterrupt
        return plain(frames, found, info)

    with monkeypatch.context() as patch:
        patch.setattr(predict, "_as_poses", dying)
        yield


def frames_predicted(monkeypatch):
    plain, seen = predict._as_poses, []
    monkeypatch.setattr(
        predict, "_as_poses", lambda frames, *rest: seen.extend(f.frame_idx for f in frames) or plain(frames, *rest)
    )
    return seen


@pytest.mark.parametrize(
    ("ranges", "size", "expected"),
    [
        ([(0, 10)], 4, [((0, 4),), ((4, 8),), ((8, 10),)]),
        ([(0, 3), (7, 12)], 4, [((0, 3), (7, 8)), ((8, 12),)]),
        ([], 4, []),
    ],
)
def test_chunks_hold_all_frames_in_order(ranges, size, expected):
    assert in_chunks(tuple(ranges), size) == expected


@pytest.mark.parametrize("cores", [1, 2, 5])
def test_the_result_does_not_depend_on_the_number_of_cores(film, whole, tmp_path, monkeypatch, cores):
    monkeypatch.setattr("antpipe.inference.engine.cores", lambda: cores)
    assert predict_to(tmp_path / "poses.parquet", film).read_bytes() == whole


@pytest.mark.parametrize(("killed_at", "left"), [(3, range(20)), (7, range(6, 20)), (19, range(18, 20))])
def test_a_killed_prediction_goes_on_after_its_last_chunk(film, whole, tmp_path, monkeypatch, killed_at, left):
    path = tmp_path / "poses.parquet"
    for _ in kill_at(monkeypatch, killed_at):
        with pytest.raises(KeyboardInterrupt):
            predict_to(path, film)
    assert not path.exists()
    seen = frames_predicted(monkeypatch)
    assert predict_to(path, film).read_bytes() == whole
    assert seen == list(left)
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("change", [{"peak_threshold": 0.3}, {"batch_size": 3}])
def test_chunks_of_other_settings_are_not_taken(film, tmp_path, monkeypatch, change):
    for _ in kill_at(monkeypatch, 7):
        with pytest.raises(KeyboardInterrupt):
            predict_to(tmp_path / "poses.parquet", film)
    seen = frames_predicted(monkeypatch)
    predict_to(tmp_path / "poses.parquet", film, **change)
    assert seen == list(range(20))


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_parts_join_without_a_seam(film, whole, tmp_path, parts):
    paths = [predict_to(tmp_path / f"{n}.parquet", film, part=(n, parts)) for n in range(parts)]
    join_poses(paths, tmp_path / "joined.parquet")
    assert (tmp_path / "joined.parquet").read_bytes() == whole


def test_a_part_without_frames_is_an_empty_table(film, tmp_path):
    poses = read_poses(predict_to(tmp_path / "part.parquet", film, part=(0, 7)))
    assert (len(poses), poses.info.frames) == (0, ())


def test_what_was_lost_is_counted_from_the_beginning(film, tmp_path, monkeypatch):
    class Broken(predict.VideoReader):
        def frames(self, start=0, stop=None):
            self.lost = 0
            for frame in super().frames(start, stop):
                if frame.index % 5:
                    yield frame
                else:
                    self.lost += 1

        @property
        def problems(self):
            return [f"{self.lost} frames cannot be decoded"] if self.lost else []

    monkeypatch.setattr(predict, "VideoReader", Broken)
    for _ in kill_at(monkeypatch, 13):
        with pytest.raises(KeyboardInterrupt):
            predict_to(tmp_path / "poses.parquet", film)
    info = read_info(predict_to(tmp_path / "poses.parquet", film))
    assert info.provenance["problems"] == ["4 frames cannot be decoded"]
    assert info.frames == ((1, 5), (6, 10), (11, 15), (16, 20))


def test_a_video_of_which_nothing_can_be_read_is_one_sentence(film, tmp_path, monkeypatch):
    class Unreadable(predict.VideoReader):
        def frames(self, start=0, stop=None):
            return iter(())

    monkeypatch.setattr(predict, "VideoReader", Unreadable)
    with pytest.raises(VideoError, match="none of the frames asked for could be read"):
        predict_to(tmp_path / "poses.parquet", film)
    parts = [predict_to(tmp_path / f"{n}.parquet", film, part=(n, 2)) for n in range(2)]
    with pytest.raises(VideoError, match="none of the frames asked for could be read"):
        join_poses(parts, tmp_path / "poses.parquet")
    assert not (tmp_path / "poses.parquet").exists()


def test_parts_of_two_predictions_are_not_joined(film, tmp_path):
    one = predict_to(tmp_path / "0.parquet", film, part=(0, 2))
    shutil.copyfile(one, tmp_path / "copy.parquet")
    other = predict_to(tmp_path / "1.parquet", film, part=(1, 2), peak_threshold=0.3)
    with pytest.raises(PosesError, match="expected a part of the same prediction"):
        join_poses([one, other], tmp_path / "poses.parquet")
