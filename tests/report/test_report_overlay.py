"""Overlay videos and stills of a drawn film."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_tracks import SKELETON, draw_tracks, make_info
from pydantic import ValidationError

from antpipe.config.report import ReportConfig
from antpipe.errors import PosesError, VideoError
from antpipe.files import write_json
from antpipe.geometry import IDENTITY, Transform
from antpipe.poses import VideoMeta, empty_poses
from antpipe.poses_file import write_poses, write_poses_to
from antpipe.report.colours import track_colours
from antpipe.report.overlay import overlay_still, render_overlay
from antpipe.video.read import VideoReader
from antpipe.video.write import VideoWriter

FRAMES = 30
COLOURS = track_colours(["ant 0", "ant 1"])


def write_film(path, width=200, height=160, fps=10.0):
    with VideoWriter(path, width=width, height=height, fps=fps, grayscale=True) as writer:
        for _ in range(FRAMES):
            writer.write(np.full((height, width), 100, np.uint8))
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("film") / "clip é.mp4")


def poses_of(size=(200, 160), **changes):
    """Return ant 0 in all frames, walking right at y = 30, and ant 1 in frames 10 to 19 at y = 60."""
    info = make_info(frames=((0, FRAMES),), size=size, **changes)
    return draw_tracks(info, {"ant 0": range(FRAMES), "ant 1": range(10, 20)})


@pytest.fixture
def path(tmp_path):
    write_poses(tmp_path / "p.parquet", poses_of())
    return tmp_path / "p.parquet"


def read(path):
    with VideoReader(path, channels=3) as reader:
        return [frame.image.astype(int) for frame in reader.frames(0, reader.frame_count)]


def is_near(pixel, colour):
    return np.abs(np.asarray(pixel, int) - colour).max() < 60


def test_video_shows_each_animal_in_its_colour_in_its_frames(film, path, tmp_path):
    render_overlay(film, path, tmp_path / "o.mp4", labels=False, trail_seconds=0)
    images = read(tmp_path / "o.mp4")
    assert len(images) == FRAMES
    assert images[0].shape == (160, 200, 3)
    for frame, image in enumerate(images):
        assert is_near(image[30, 50 + frame], COLOURS["ant 0"])
        assert is_near(image[60, 50 + frame], COLOURS["ant 1"]) == (10 <= frame < 20)
        assert is_near(image[130, 100], (100, 100, 100))


def test_video_is_the_same_however_the_rows_are_grouped(film, path, tmp_path, monkeypatch):
    render_overlay(film, path, tmp_path / "a.mp4")
    monkeypatch.setattr("antpipe.poses_file.ROWS_PER_GROUP", 4)
    poses = poses_of()
    with write_poses_to(tmp_path / "small.parquet", poses.info) as writer:
        for _, rows in poses.by_frame():
            writer.write(poses[rows])
    render_overlay(film, tmp_path / "small.parquet", tmp_path / "b.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_part_of_the_video(film, path, tmp_path):
    render_overlay(film, path, tmp_path / "o.mp4", start=12, seconds=0.5, labels=False, trail_seconds=0)
    images = read(tmp_path / "o.mp4")
    assert len(images) == 5
    assert is_near(images[0][60, 62], COLOURS["ant 1"])
    render_overlay(film, path, tmp_path / "o.mp4", start=12, stop=14)
    assert len(read(tmp_path / "o.mp4")) == 2


def test_only_the_frames_examined_are_drawn_by_default(film, tmp_path):
    info = make_info(frames=((5, 8), (20, 22)))
    write_poses(tmp_path / "p.parquet", draw_tracks(info, {"ant 0": [6, 21]}))
    render_overlay(film, tmp_path / "p.parquet", tmp_path / "o.mp4")
    assert len(read(tmp_path / "o.mp4")) == 22 - 5


def test_a_video_without_animals(film, tmp_path):
    write_poses(tmp_path / "p.parquet", empty_poses(make_info(frames=((0, FRAMES),))))
    render_overlay(film, tmp_path / "p.parquet", tmp_path / "o.mp4")
    assert len(read(tmp_path / "o.mp4")) == FRAMES


def test_trails_show_where_an_animal_was(film, path, tmp_path):
    overlay_still(film, path, 25, tmp_path / "with.png", labels=False, trail_seconds=1)
    overlay_still(film, path, 25, tmp_path / "without.png", labels=False, trail_seconds=0)
    with_trail, without = (cv2.imread(str(tmp_path / f"{name}.png")).astype(int) for name in ("with", "without"))
    changed = np.argwhere((with_trail != without).any(axis=-1))
    # Of ant 1, which has gone, frames 15 to 19 are less than a second old; ant 0 lies on its own trail.
    gone = changed[changed[:, 0] > 50]
    assert set(gone[:, 0]) == {58, 59, 60, 61, 62}
    assert gone[:, 1].min() == pytest.approx(65, abs=2)
    assert gone[:, 1].max() == pytest.approx(69, abs=2)
    assert np.abs(changed[changed[:, 0] <= 50][:, 0] - 30).max() <= 2


def test_wide_videos_are_shrunk_with_their_poses(film, path, tmp_path):
    overlay_still(film, path, 15, tmp_path / "s.png", max_width=100, labels=False, trail_seconds=0)
    image = cv2.imread(str(tmp_path / "s.png"))[..., ::-1]
    assert image.shape == (80, 100, 3)
    # (65, 60) of the film lies at (32.25, 29.75) of the still.
    assert is_near(image[30, 32], COLOURS["ant 1"])
    render_overlay(film, path, tmp_path / "o.mp4", max_width=75)
    assert read(tmp_path / "o.mp4")[0].shape == (60, 76, 3), "the odd width got one more column"


@pytest.mark.parametrize("stored", ["video", "raw"])
def test_poses_of_a_preprocessed_video_fit_the_raw_one_too(stored, film, tmp_path):
    to_raw = Transform(scale=(2.0, 2.0), offset=(20.5, 10.5))
    poses = poses_of(size=(80, 60), to_raw=to_raw, coordinates=stored)
    in_raw = np.full_like(poses.points, [60, 50])
    points = in_raw if stored == "raw" else to_raw.inverse()(in_raw)
    write_poses(tmp_path / "p.parquet", replace(poses, points=points.astype(np.float32)))
    overlay_still(film, tmp_path / "p.parquet", 0, tmp_path / "s.png", labels=False)
    small = write_film(tmp_path / "small.mp4", 80, 60)
    overlay_still(small, tmp_path / "p.parquet", 0, tmp_path / "small.png", labels=False)
    for name, (x, y) in {"s": (60, 50), "small": (20, 20)}.items():
        image = cv2.imread(str(tmp_path / f"{name}.png"))[..., ::-1]
        assert is_near(image[y, x], COLOURS["ant 0"])


RECORD = {
    "source": {"path": "raw.mp4", "width": 200, "height": 160, "frame_count": FRAMES, "fingerprint": "r"},
    "output": {"fingerprint": "abc"},
    "first_raw_frame": 12,
    "first_raw_time_s": 1.2,
    "keeps_frame_numbers": True,
}


def write_poses_of_a_cut(tmp_path, record, to_raw=IDENTITY, size=(200, 160)):
    """Write poses about a video that begins at frame 12 of the film, with one animal in its frame 3."""
    write_json(tmp_path / "cut.json", RECORD | {"to_raw": to_raw.to_dict()} | record)
    poses = draw_tracks(make_info(frames=((0, 10),), size=size, to_raw=to_raw), {"ant 0": [3]})
    video = replace(poses.info.video, path=(tmp_path / "cut.mp4").as_posix(), frame_count=10, fingerprint="abc")
    write_poses(tmp_path / "p.parquet", replace(poses, info=replace(poses.info, video=video)))
    return tmp_path / "p.parquet"


@pytest.mark.parametrize(("to_raw", "size"), [(IDENTITY, (200, 160)), (Transform(offset=(10.0, 5.0)), (150, 120))])
def test_on_the_raw_film_each_animal_is_in_its_frame_of_the_raw_film(to_raw, size, film, tmp_path):
    path = write_poses_of_a_cut(tmp_path, {}, to_raw, size)
    render_overlay(film, path, tmp_path / "o.mp4", labels=False, trail_seconds=0)
    images = read(tmp_path / "o.mp4")
    x, y = to_raw(np.array([53.0, 30.0])).astype(int)
    assert [is_near(image[y, x], COLOURS["ant 0"]) for image in images] == [frame == 3 for frame in range(10)]
    overlay_still(film, path, 15, tmp_path / "s.png", labels=False)
    assert is_near(cv2.imread(str(tmp_path / "s.png"))[y, x, ::-1], COLOURS["ant 0"])


def test_a_raw_film_whose_frames_do_not_correspond_is_refused(film, tmp_path):
    path = write_poses_of_a_cut(tmp_path, {"keeps_frame_numbers": False}, Transform(offset=(9.0, 5.0)), (150, 120))
    with pytest.raises(PosesError, match=r"of the poses do not correspond; .* frames were repeated or dropped"):
        render_overlay(film, path, tmp_path / "o.mp4")


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        (
            {"width": 640, "height": 480},
            {},
            r"of 640x480 pixels, but .* has 200x160; name 'videos/clip.mp4' or the raw",
        ),
        ({"fps": 25.0}, {}, r"about a video of 25 frames per second, but .* has 10; their frames do not correspond"),
        ({}, {"start": 30}, r"no frame to draw: .* has frames 0 to 29, asked for were 30 to 29"),
        ({}, {"start": -1}, r"no frame to draw: .* asked for were -1 to 29"),
        ({}, {"start": 9, "stop": 9}, r"no frame to draw"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_sentence(changes, options, message, film, tmp_path):
    video = VideoMeta(
        **{"path": "videos/clip.mp4", "width": 200, "height": 160, "fps": 10.0, "frame_count": 30} | changes
    )
    info = replace(make_info(frames=((0, FRAMES),)), video=video, to_raw=IDENTITY, skeleton=SKELETON)
    write_poses(tmp_path / "p.parquet", empty_poses(info))
    with pytest.raises(PosesError, match=message):
        render_overlay(film, tmp_path / "p.parquet", tmp_path / "o.mp4", **options)
    assert not (tmp_path / "o.mp4").exists()


def test_frames_that_cannot_be_decoded_do_not_shorten_the_film(film, path, tmp_path, monkeypatch):
    whole = VideoReader.frames
    monkeypatch.setattr(
        VideoReader, "frames", lambda self, *span: (f for f in whole(self, *span) if f.index not in (3, 4))
    )
    render_overlay(film, path, tmp_path / "o.mp4", labels=False, trail_seconds=0)
    with pytest.raises(VideoError, match="frame 3 cannot be decoded; choose another"):
        overlay_still(film, path, 3, tmp_path / "s.png")
    monkeypatch.undo()
    images = read(tmp_path / "o.mp4")
    assert len(images) == FRAMES
    assert is_near(images[6][30, 36], COLOURS["ant 0"])
    assert not is_near(images[6][30, 35 - 4], COLOURS["ant 0"])


@pytest.mark.parametrize(("key", "value"), [("overlay_seconds", 0), ("trail_seconds", -1), ("overlay_widht", 100)])
def test_config_refuses_what_makes_no_sense(key, value):
    assert ReportConfig().overlay_seconds == 60
    with pytest.raises(ValidationError, match=key):
        ReportConfig(**{key: value})
