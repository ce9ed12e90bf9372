"""Probing: what a video really is."""

import dataclasses
import hashlib
import json
import shutil
from fractions import Fraction

import numpy as np
import pytest
from numbered_film import X264, hdr_options, make_film, run_ffmpeg_program

from antpipe.video.probe import probe
from antpipe.video.timing import measure_timing


def test_all_that_is_known_of_a_good_video(films):
    path = films("gop12.mp4")
    info = probe(path)
    assert info.to_dict() == {
        "path": path.as_posix(),
        "width": 96,
        "height": 64,
        "fps": 25.0,
        "frame_count": 60,
        "container_frame_count": 60,
        "duration_s": pytest.approx(2.4),
        "codec": "h264",
        "pixel_format": "yuv420p",
        "grayscale": False,
        "variable_frame_rate": False,
        "rotation": 0,
        "color_range": "unspecified",
        "hdr": False,
        "has_audio": False,
        "size_bytes": path.stat().st_size,
        "fingerprint": hashlib.sha256(path.read_bytes()).hexdigest(),
        "problems": [],
    }
    json.dumps(info.to_dict(), allow_nan=False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        info.width = 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gop12.mkv", {"container_frame_count": None, "fps": 25.0}),
        ("stream.ts", {"fps": 30000 / 1001, "variable_frame_rate": False}),
        ("x264_b.avi", {"fps": 25.0, "variable_frame_rate": False}),
        ("vfr.mp4", {"variable_frame_rate": True, "fps": pytest.approx(59 / 4.68, rel=1e-3), "frame_count": 60}),
        ("hevc.mp4", {"codec": "hevc"}),
        ("mpeg4.avi", {"codec": "mpeg4"}),
        ("ten_bit.mp4", {"pixel_format": "yuv420p10le"}),
        ("full_range.mp4", {"color_range": "full"}),
        ("gray16.mkv", {"grayscale": True}),
    ],
)
def test_what_is_special(films, name, expected):
    info = probe(films(name))
    assert {key: getattr(info, key) for key in expected} == expected


def test_a_video_that_is_turned(films):
    info = probe(films.turned("g25.mp4", 90))
    assert (info.width, info.height, info.rotation) == (64, 96, 270)


def test_an_edit_list_makes_the_header_count_too_much(films):
    info = probe(films.cut("gop12.mp4", 0.7))
    assert (info.frame_count, info.container_frame_count) == (42, 48)
    assert info.problems == ("the file's header promises 48 frames, and 42 are shown",)


def test_gray_video_sound_and_hdr_are_seen(tmp_path):
    path = tmp_path / "gray.mp4"
    pictures, sound = "testsrc=s=64x48:d=1,format=gray", "sine=d=1"
    run_ffmpeg_program("-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", sound, *X264.split(), path)
    info = probe(path)
    assert info.grayscale
    assert info.has_audio
    for transfer in ("smpte2084", "arib-std-b67"):
        assert probe(make_film(tmp_path / f"{transfer}.mp4", hdr_options(transfer), frames=5)).hdr


def test_interlaced_frames_and_oblong_pixels_are_problems(tmp_path):
    path = make_film(tmp_path / "dv.mp4", f"-vf setfield=tff,setsar=16/11 {X264} -flags +ildct -x264-params tff=1")
    problems = " ".join(probe(path).problems)
    assert "pixels are not square (16:11)" in problems
    assert "frames are interlaced" in problems


def test_one_picture_is_a_video_of_one_frame(tmp_path):
    path = tmp_path / "picture.png"
    run_ffmpeg_program("-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1", path)
    info = probe(path)
    assert (info.frame_count, info.width, info.height) == (1, 64, 48)
    assert info.duration_s == pytest.approx(1 / info.fps)


@pytest.mark.parametrize(
    ("times_ms", "claimed", "rate", "variable"),
    [
        (np.arange(50) * 40, [25], 25, False),
        (np.rint(np.arange(500) * 1001 / 30), [Fraction(30000, 1001)], Fraction(30000, 1001), False),
        (np.rint(np.arange(500) * 1001 / 30), [30], Fraction(30000, 1001), False),
        (np.rint(np.arange(500) * 1000 / 120), [120], 120, False),
        (np.delete(np.arange(200) * 40, [7, 8, 100]), [], 25, True),
        (np.delete(np.arange(200) * 40, np.arange(60, 120)), [25], 25, True),
        (np.cumsum([20, 60] * 50), [], Fraction(9900, 398), True),
        (np.cumsum([0] + [40] * 20 + [100] * 20), [], Fraction(40000, 2800), True),
        (np.array([7]), [24], 24, False),
        (np.array([7]), [], 25, False),
    ],
)
def test_rates_from_times(times_ms, claimed, rate, variable):
    timing = measure_timing(times_ms.astype(np.int64), Fraction(1, 1000), [Fraction(c) for c in claimed])
    assert float(timing.rate) == pytest.approx(float(rate), rel=2e-3)
    assert timing.variable is variable
    if not variable and claimed and claimed[0] != 30:
        assert timing.rate == Fraction(claimed[0])


def test_names_of_all_kinds_can_be_probed(films, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("-y %03d.mp4", "file:x.mp4", "it's ант.mp4"):
        shutil.copy(films("g25.mp4"), tmp_path / name)
        assert probe(name).frame_count == 60


def test_real_videos(shared_data):
    info = probe(shared_data / "robot_clip" / "small_robot.mp4")
    assert (info.frame_count, info.fps, info.grayscale, info.problems) == (166, 30.0, False, ())


@pytest.mark.slow
def test_a_long_real_video(shared_data):
    info = probe(shared_data / "video_samples" / "zebrafish_mpeg4.avi")
    assert (info.frame_count, info.width, info.height, info.codec) == (508, 1160, 938, "mpeg4")
    assert info.fps == pytest.approx(28.07, abs=0.01)
    assert info.grayscale
