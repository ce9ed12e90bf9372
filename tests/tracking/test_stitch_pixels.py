from functools import partial

import cv2
import numpy as np
import pytest
from drawn_stitch import SIZE, film, named, place_bodies

from antpipe.config.stitching import StitchConfig
from antpipe.errors import PosesError
from antpipe.tracking.stitch import plan_stitching
from antpipe.video.write import VideoWriter

PERIOD, MEETINGS, FRAMES = 60, 10, 630
GREYS = (70, 200)


@pytest.fixture(scope="module")
def dance():
    """Two animals (frames, animals, nodes, 2) of one shape that meet, and pass each other or turn back by chance."""
    rng = np.random.default_rng(0)
    side = np.cumprod(rng.choice([-1, 1], MEETINGS + 1))
    frames = np.arange(FRAMES)
    apart = side[frames // PERIOD] * 120 * np.abs(np.sin(np.pi * frames / PERIOD))
    x = np.stack([apart, -apart], axis=1) + SIZE[0] / 2
    y = np.tile(SIZE[1] / 2 + 150 * np.sin(2 * np.pi * frames / FRAMES), (2, 1)).T
    noise = rng.normal(0, 0.3, (FRAMES, 2, 5, 2))
    return place_bodies(np.stack([x, y], axis=-1), np.zeros((FRAMES, 2)), [1.0, 1.0]) + noise, apart


@pytest.fixture(scope="module")
def video(dance, tmp_path_factory):
    path = tmp_path_factory.mktemp("pixels") / "film.mp4"
    with VideoWriter(path, width=SIZE[0], height=SIZE[1], fps=25, grayscale=True) as writer:
        for poses in dance[0]:
            image = np.full(SIZE[::-1], 128, np.uint8)
            for points, grey in zip(poses, GREYS, strict=True):
                cv2.fillConvexPoly(image, cv2.convexHull(np.rint(points).astype(np.int32)), grey)
            writer.write(image)
    return path


def tracks_of(dance, **given):
    """The tracks (frames, animals) after the second look, of animals that the first lost whenever they met."""
    points, apart = dance
    seen = np.abs(apart) > 25
    stretch = np.cumsum(np.diff(seen, prepend=False) & seen)
    tracks = named(FRAMES, ["", ""])
    for animal, name in enumerate("ab"):
        tracks[seen, animal] = [f"{name}{number}" for number in stretch[seen]]
    poses = film(points, tracks)
    plan = plan_stitching(partial(iter, [poses]), poses.info, StitchConfig(), **given)
    return plan.rename(poses).track.reshape(-1, 2)


def test_animals_that_look_different_are_told_apart_by_pixels_alone(dance, video):
    by_motion, by_pixels = tracks_of(dance), tracks_of(dance, video=video)
    assert len(np.unique(by_pixels)) == 2
    assert (by_pixels == by_pixels[0]).all()
    assert (by_motion != by_motion[0]).any()


def test_another_video_is_refused(dance, tmp_path):
    with VideoWriter(tmp_path / "small.mp4", width=64, height=48, fps=25, grayscale=True) as writer:
        writer.write(np.zeros((48, 64), np.uint8))
    with pytest.raises(PosesError, match=r"small\.mp4: expected the video that the poses are about, of 800x600 pixels"):
        tracks_of(dance, video=tmp_path / "small.mp4")
