"""Videos of labels: what is known of them, and their images."""

import json

import numpy as np
import pytest
import sleap_io as sio
from drawn_labels import draw_labels, draw_video

from antpipe.geometry import IDENTITY
from antpipe.labels.audit.footage import Footage, find_footage, read_images
from antpipe.labels.read import read_labels
from antpipe.video.write import VideoWriter

FRAMES, SIZE = 12, (72, 56)


@pytest.fixture
def film(tmp_path):
    """A film in which frame k has the gray value 20 * k."""
    path = tmp_path / "films" / "a.mp4"
    with VideoWriter(path, width=SIZE[0], height=SIZE[1], fps=10, grayscale=True, crf=0) as writer:
        for index in range(FRAMES):
            writer.write(np.full(SIZE[::-1], 20 * index, np.uint8))
    return path


def grays(labels, footage, wanted):
    images = dict(read_images(labels, footage, wanted))
    return {entry: None if image is None else round(float(image.mean()) / 20) for entry, image in images.items()}


def test_size_length_and_images_of_a_film_at_hand(film):
    labels = draw_labels({9: [0.0], 2: [0.0], 40: [0.0]})
    footage = find_footage(labels, {"a": film})
    assert footage == {"a.mp4": Footage(size=SIZE, frame_count=FRAMES, path=film)}
    assert grays(labels, footage, [2, 0, 1]) == {0: 9, 1: 2, 2: None}
    shapes = {image.shape for _, image in read_images(labels, footage, [0])}
    assert shapes == {(SIZE[1], SIZE[0], 3)}


@pytest.mark.parametrize("source", [{"width": 400, "height": 300, "frame_count": 90}, {}])
def test_labels_of_the_raw_video_find_their_place_in_the_preprocessed_one(film, source):
    sidecar = {
        "source": {"path": "raw/a.mov", **source},
        "keeps_frame_numbers": True,
        "to_raw": {"scale": [2.0, 2.0], "offset": [100.5, 40.5]},
        "first_raw_frame": 30,
    }
    film.with_suffix(".json").write_text(json.dumps(sidecar))
    labels = draw_labels({35: [0.0]}, video="raw/a.mov")
    (about,) = find_footage(labels, {"a": film}).values()
    assert (about.size, about.frame_count) == (((400, 300), 90) if source else (None, None))
    np.testing.assert_allclose(about.to_film(np.array([[120.5, 60.5]])), [[10, 10]])
    assert grays(labels, {"a.mov": about}, [0]) == {0: 5}


@pytest.mark.parametrize(
    ("videos", "reason"),
    [({}, "a.mp4"), ({"b": "b.mp4"}, "b.mp4"), ({"x": "one/a.mp4", "y": "two/a.mp4"}, "could be any of")],
)
def test_a_video_that_is_not_at_hand_is_said_to_be_so(tmp_path, videos, reason):
    labels = draw_labels({0: [0.0]})
    labels.videos[0].backend_metadata["shape"] = [100, 480, 640, 1]
    (about,) = find_footage(labels, {name: tmp_path / path for name, path in videos.items()}).values()
    assert reason in about.absent
    assert (about.size, about.path, about.to_film) == ((640, 480), None, IDENTITY)
    assert grays(labels, {"a.mp4": about}, [0]) == {0: None}


def test_a_broken_video_counts_as_not_at_hand(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no film")
    (about,) = find_footage(draw_labels({0: [0.0]}), {"a": tmp_path / "a.mp4"}).values()
    assert "a.mp4" in about.absent


def test_images_that_labels_bring_along(shared_data, tmp_path):
    labels = read_labels(shared_data / "formats" / "slp" / "minimal_instance.pkg.slp")
    footage = find_footage(labels, {})
    assert footage["centered_pair_low_quality.mp4"] == Footage(size=(384, 384), own_images=True)
    ((entry, image),) = read_images(labels, footage, [0])
    assert (entry, image.shape, image.dtype) == (0, (384, 384, 3), np.uint8)
    np.testing.assert_array_equal(image[..., 0], labels[0].image[..., 0])
    lost = sio.Video(filename=[str(tmp_path / "1.png")], open_backend=False)
    labels = sio.Labels([sio.LabeledFrame(lost, 0)], videos=[lost])
    assert [image for _, image in read_images(labels, find_footage(labels, {}), [0])] == [None]


def test_two_videos_of_one_path_are_looked_for_once(film):
    labels = draw_labels({0: [0.0]})
    labels.videos.append(draw_video(labels.videos[0].filename))
    assert list(find_footage(labels, {"a": film})) == ["a.mp4"]
