"""A quick look tells what a video is, and that its end is there."""

import time

import pytest
from numbered_film import FRAMES, HEIGHT, RECIPES, WIDTH, X264, make_film, truncate

from antpipe.errors import VideoError
from antpipe.video.glimpse import glimpse
from antpipe.video.probe import probe

UNCOUNTED = {"film.gif", "palette.avi", "bottom_up.avi", "packed.avi", "vfr.mp4", "mpeg2.mpg"}
"""Files whose size is another, or whose frames are not evenly spaced."""


@pytest.mark.parametrize("name", RECIPES)
def test_a_whole_video_has_no_problem(films, name):
    path = films(name)
    found = glimpse(str(path))
    known = probe(path)
    assert (found.width, found.height, found.size_bytes) == (known.width, known.height, known.size_bytes)
    assert found.problem == ""
    if name not in UNCOUNTED:
        # Streams that count no frames are known to a few, by their length.
        assert found.frame_count == pytest.approx(FRAMES, abs=0 if name.endswith(".mp4") else 3)
        assert found.fps == pytest.approx(known.fps, rel=0.01)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_video_that_was_cut_off_is_noticed(tmp_path, share):
    whole = make_film(tmp_path / "whole.mp4", f"{X264} -g 12 -bf 3 -movflags +faststart")
    found = glimpse(str(truncate(whole, tmp_path / "cut.mp4", share)))
    assert (found.width, found.height, found.frame_count) == (WIDTH, HEIGHT, FRAMES)
    assert "copy the file again" in found.problem


@pytest.mark.parametrize("content", [b"", b"no video"])
def test_what_is_no_video_is_an_error(tmp_path, content):
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(VideoError, match=r"film\.mp4: "):
        glimpse(str(tmp_path / "film.mp4"))


def test_a_long_real_video_takes_a_moment(shared_data):
    path = shared_data / "fly_clips" / "courtship_120s_13nodes" / "20190128_113421.120s.mp4"
    start = time.monotonic()
    found = glimpse(str(path))
    assert (found.width, found.height, found.frame_count, found.seconds) == (1024, 1024, 3000, 120.0)
    assert time.monotonic() - start < 20, "all of it takes a minute"
