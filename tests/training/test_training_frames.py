import json

import numpy as np
import pytest
import sleap_io as sio
from drawn_animals import SKELETON, draw_frames

from antpipe.errors import LabelError, VideoError
from antpipe.labels.on_video import place_frames
from antpipe.labels.read import read_labels
from antpipe.labels.split import split_labels
from antpipe.training.frames import load_frames
from antpipe.training.videos import label_videos
from antpipe.video.write import VideoWriter

FRAMES = draw_frames(6, 0)


@pytest.fixture
def film(tmp_path):
    """A film of the drawn frames."""
    path = tmp_path / "videos" / "film ü.mp4"
    with VideoWriter(path, width=72, height=56, fps=10, grayscale=True, crf=0) as writer:
        for frame in FRAMES:
            writer.write(frame.image)
    return path


def labels_of(stored, frames=FRAMES, first=0, move=0.0):
    """Labels of the frames as a person made them on the video of this name; its first frame has index `first`."""
    skeleton = sio.Skeleton(list(SKELETON.nodes), list(SKELETON.edges), list(SKELETON.symmetries), name="animal")
    video = sio.Video(filename=stored, open_backend=False)
    labeled = [
        sio.LabeledFrame(
            video,
            frame.frame_idx + first,
            [sio.Instance.from_numpy(points + move, skeleton=skeleton) for points in frame.points],
        )
        for frame in frames
    ]
    return sio.Labels(labeled_frames=labeled, videos=[video], skeletons=[skeleton])


def keys(name, *indices):
    return tuple((name, index) for index in indices)


def write_sidecar(film, **values):
    sidecar = {
        "source": {"path": "raw/Film 1.avi"},
        "keeps_frame_numbers": True,
        "to_raw": {"scale": [2.0, 2.0], "offset": [100.5, 40.5]},
        "first_raw_frame": 30,
        **values,
    }
    film.with_suffix(".json").write_text(json.dumps(sidecar))


def test_images_come_with_their_points_in_the_order_of_the_split(film):
    frames = load_frames(labels_of("D:\\lab\\film ü.mp4"), keys("film ü.mp4", 4, 0, 2), {"film ü": film}, 1)
    assert [frame.frame_idx for frame in frames] == [4, 0, 2]
    for frame in frames:
        drawn = FRAMES[frame.frame_idx]
        np.testing.assert_allclose(frame.points, drawn.points)
        assert (frame.video, frame.image.shape, frame.image.dtype) == ("film ü", (56, 72, 1), np.uint8)
        assert np.abs(frame.image.astype(int) - drawn.image).max() <= 2


def test_a_colour_network_gets_three_channels(film):
    (frame,) = load_frames(labels_of("film ü.mp4"), keys("film ü.mp4", 0), {"film ü": film}, 3)
    assert frame.image.shape == (56, 72, 3)


def test_labels_of_the_raw_video_move_to_the_preprocessed_one(film):
    write_sidecar(film)
    labels = labels_of("C:/lab/Film 1.avi", first=30, move=7.0)
    (placed,) = place_frames(labels, keys("Film 1.avi", 32), {"film ü": film})
    assert (placed.video, placed.frame_idx) == ("film ü", 2)
    np.testing.assert_allclose(placed.points, (FRAMES[2].points + 7.0 - [100.5, 40.5]) / 2)


def test_labels_of_the_preprocessed_video_stay_where_they_are(film):
    write_sidecar(film)
    (placed,) = place_frames(labels_of("C:/lab/videos/film ü.mp4"), keys("film ü.mp4", 2), {"film ü": film})
    assert placed.frame_idx == 2
    np.testing.assert_allclose(placed.points, FRAMES[2].points)


def test_labels_of_a_raw_video_whose_frame_rate_changed_are_refused(film):
    write_sidecar(film, keeps_frame_numbers=False)
    with pytest.raises(LabelError, match=r"Film 1.avi: the labels belong to the raw video, but preprocessing repeated"):
        place_frames(labels_of("Film 1.avi", first=30), keys("Film 1.avi", 31), {"film ü": film})


@pytest.mark.parametrize(
    ("wanted", "first", "message"),
    [
        (("film ü.mp4", 9), 0, r"split: frame 9 of film ü.mp4 is not labelled; make the split again"),
        (("other.mp4", 1), 0, r"split: frame 1 of other.mp4 is not labelled"),
        (("film ü.mp4", 7), 3, r"frame 7 is labelled, but the video has only frames 0-5; change preprocess.start"),
    ],
)
def test_a_frame_that_is_not_there_is_said(film, wanted, first, message):
    with pytest.raises(LabelError, match=message):
        load_frames(labels_of("film ü.mp4", first=first), [wanted], {"film ü": film}, 1)


def test_a_labelled_frame_before_the_preprocessed_film_is_said(film):
    write_sidecar(film)
    with pytest.raises(LabelError, match="frame -2 is labelled, but the video has only frames 0-5"):
        load_frames(labels_of("Film 1.avi", first=28), keys("Film 1.avi", 28), {"film ü": film}, 1)


def test_a_video_that_the_project_does_not_have_is_said(film):
    with pytest.raises(LabelError, match=r"expected video 'col218.mp4' .* but there are only"):
        place_frames(labels_of("D:/ants/col218.mp4"), keys("col218.mp4", 0), {"film ü": film})


def test_embedded_images_need_no_video(shared_data):
    path = shared_data / "formats" / "slp" / "minimal_instance.pkg.slp"
    labels = read_labels(path)
    (frame,) = load_frames(labels, split_labels(labels).folds[0].train, {}, 1)
    assert frame.image.shape == (384, 384, 1)
    assert frame.points.shape == (2, 2, 2)


def test_videos_are_found_where_the_labels_say_or_beside_them(film, tmp_path):
    labels = labels_of(str(film))
    assert label_videos(labels, tmp_path / "labels.slp") == {"film ü": film}
    elsewhere = labels_of("D:/lab/film ü.mp4")
    assert label_videos(elsewhere, film.parent / "labels.slp") == {"film ü": film}
    assert label_videos(elsewhere, tmp_path / "labels.slp") == {}
    assert label_videos(elsewhere, tmp_path / "labels.slp", [film]) == {"film ü": film}
    with pytest.raises(VideoError, match=r"nowhere.mp4: video not found; check the path"):
        label_videos(elsewhere, tmp_path / "labels.slp", [tmp_path / "nowhere.mp4"])
