"""Reading: frame k alone is frame k in order, in every awkward file; gray is what ffmpeg gives."""

import random
import shutil

import numpy as np
import pytest
from numbered_film import FRAMES, HEIGHT, RECIPES, WIDTH, make_film, numbers, read_number, run_ffmpeg_program

from antpipe.errors import VideoError
from antpipe.video.pixels import stretch_luma
from antpipe.video.read import VideoReader


def check_exact(path, first_shown: int, count: int) -> None:
    """Compare frames read in random order, and by a reader that has read nothing before, with those in order."""
    with VideoReader(path) as reader:
        frames = list(reader.frames())
        assert [frame.index for frame in frames] == list(range(count))
        assert numbers(frames) == list(range(first_shown, first_shown + count))
        assert reader.frame_count == count
        picks = [random.Random(1).randrange(count) for _ in range(15)] + [count - 1, 0, count // 2]
        for k in picks:
            again = reader.read(k)
            assert (again.index, again.time_s) == (k, frames[k].time_s)
            np.testing.assert_array_equal(again.image, frames[k].image)
        assert reader.problems == []
    for k in (count - 1, count // 2):
        with VideoReader(path) as fresh:
            np.testing.assert_array_equal(fresh.read(k).image, frames[k].image)
    with VideoReader(path) as part:
        assert numbers(part.frames(count // 3, count // 3 + 9)) == numbers(frames[count // 3 : count // 3 + 9])


@pytest.mark.parametrize("name", RECIPES)
def test_a_frame_read_alone_is_the_frame_in_order(films, name):
    check_exact(films(name), 0, FRAMES)


@pytest.mark.parametrize("name", ["default.mp4", "gop12.mp4"])
def test_frames_before_the_start_of_an_edit_list_do_not_count(films, name):
    check_exact(films.cut(name, 0.7), 18, 42)


@pytest.mark.parametrize("threads", [2, 0])
def test_decoder_threads_do_not_change_frames(films, threads):
    with VideoReader(films("opengop.mp4")) as one, VideoReader(films("opengop.mp4"), threads=threads) as many:
        for a, b in zip(one.frames(), many.frames(), strict=True):
            np.testing.assert_array_equal(a.image, b.image)
        np.testing.assert_array_equal(one.read(35).image, many.read(35).image)


@pytest.mark.parametrize(
    ("name", "fps", "times"),
    [
        ("gop12.mp4", 25, {0: 0.0, 1: 0.04, 59: 2.36}),
        ("gop12.mkv", 25, {0: 0.0, 1: 0.04, 59: 2.36}),
        ("x264_b.avi", 25, {0: 0.0, 1: 0.04, 2: 0.08, 59: 2.36}),
        ("stream.ts", 30000 / 1001, {0: 0.0, 1: 0.0333666, 59: 1.9686333}),
        ("vfr.mp4", 59 / 4.68, {0: 0.0, 20: 0.8, 21: 0.9, 59: 4.7}),
    ],
)
def test_times_count_from_the_first_frame(films, name, fps, times):
    with VideoReader(films(name)) as reader:
        assert reader.fps == pytest.approx(fps, rel=2e-3)
        for k, time_s in times.items():
            assert reader.read(k).time_s == pytest.approx(time_s, abs=0.025)


def ffmpeg_pixels(path, pixel_format: str, channels: int, size=(WIDTH, HEIGHT)) -> np.ndarray:
    raw = run_ffmpeg_program("-i", path, "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", pixel_format, "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0], channels)


@pytest.mark.parametrize("name", sorted(set(RECIPES) - {"ten_bit.mp4", "ten_bit_709.mp4"}))
def test_gray_is_what_ffmpeg_gives(films, name):
    with VideoReader(films(name)) as reader:
        gray = np.stack([frame.image for frame in reader.frames()])
    np.testing.assert_array_equal(gray, ffmpeg_pixels(films(name), "gray", 1))


@pytest.mark.parametrize("name", ["ten_bit.mp4", "ten_bit_709.mp4"])
def test_gray_of_ten_bits_is_its_luma(films, name):
    raw = run_ffmpeg_program("-i", films(name), "-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-")
    luma = np.frombuffer(raw, "<u2").reshape(FRAMES, -1)[:, : WIDTH * HEIGHT].reshape(FRAMES, HEIGHT, WIDTH)
    expected = np.clip((luma.astype(float) - 64) * 255 / 876, 0, 255)
    with VideoReader(films(name)) as reader:
        gray = np.stack([frame.image[..., 0] for frame in reader.frames()])
    assert np.abs(gray - expected).max() <= 1.0


@pytest.mark.parametrize("name", ["gop12.mp4", "full_range.mp4", "yuv444.mp4", "bottom_up.avi", "gray.mp4"])
def test_rgb_is_what_ffmpeg_gives(films, name):
    with VideoReader(films(name), channels=3) as reader:
        rgb = np.stack([frame.image for frame in reader.frames()])
    assert np.abs(rgb.astype(int) - ffmpeg_pixels(films(name), "rgb24", 3)).max() <= 1


def test_limited_range_is_stretched_for_every_level():
    level = np.arange(256)
    expected = np.clip(np.rint((level - 16) * 255 / 219), 0, 255)
    np.testing.assert_array_equal(stretch_luma(np.tile(level.astype(np.uint8), (7, 3)))[0, :256], expected)


def test_rows_with_padding_are_read_without_it(tmp_path):
    # 96 columns are padded to 128 by the decoder, 66 to another width again.
    path = tmp_path / "odd.mkv"
    run_ffmpeg_program("-f", "lavfi", "-i", "testsrc=s=67x35:d=1", "-c:v", "ffv1", "-pix_fmt", "yuv444p", path)
    with VideoReader(path) as reader:
        assert (reader.width, reader.height) == (67, 35)
        gray = np.stack([frame.image for frame in reader.frames()])
    np.testing.assert_array_equal(gray, ffmpeg_pixels(path, "gray", 1, (67, 35)))


@pytest.mark.parametrize("options", [(), ("-display_hflip",), ("-display_vflip",)])
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_frames_come_upright(films, degrees, options):
    path = films.turned("g25.mp4", degrees, *options)
    size = (HEIGHT, WIDTH) if degrees % 180 else (WIDTH, HEIGHT)
    for channels, pixel_format in ((1, "gray"), (3, "rgb24")):
        with VideoReader(path, channels=channels) as reader:
            assert (reader.width, reader.height) == size
            first = reader.read(0).image
        assert first.flags.c_contiguous
        np.testing.assert_array_equal(first, ffmpeg_pixels(path, pixel_format, channels, size)[0])


def test_a_frame_may_be_written_to_without_harm(films):
    with VideoReader(films("full_range.mp4")) as reader, VideoReader(films("full_range.mp4")) as other:
        for frame, untouched in zip(reader.frames(), other.frames(), strict=True):
            np.testing.assert_array_equal(frame.image, untouched.image)
            frame.image[:] = 0


def test_two_walks_at_once_do_not_disturb_each_other(films):
    with VideoReader(films("gop12.mp4")) as reader:
        first, second = reader.frames(), reader.frames(30)
        assert numbers(next(walk) for _ in range(10) for walk in (first, second))[:4] == [0, 30, 1, 31]
        assert read_number(reader.read(45).image) == 45
        assert read_number(next(first).image) == 10


def test_parts_and_their_limits(films):
    with VideoReader(films("gop12.mp4")) as reader:
        assert numbers(reader.frames(55)) == [55, 56, 57, 58, 59]
        assert numbers(reader.frames(0, 3)) == [0, 1, 2]
        assert numbers(reader.frames(58, 99)) == [58, 59]
        assert list(reader.frames(5, 5)) == list(reader.frames(60)) == []
        with pytest.raises(ValueError, match="first frame of 0 or more, got -1"):
            reader.frames(-1)
        for index in (-1, 60):
            with pytest.raises(IndexError, match=f"expected a frame from 0 to 59, got {index}"):
                reader.read(index)
    with pytest.raises(ValueError, match="expected 1 or 3 channels, got 2"):
        VideoReader(films("gop12.mp4"), channels=2)


@pytest.mark.parametrize(
    "name", ["with space.mp4", "-dash.mp4", "100%d.mp4", "a:b.mp4", 'it\'s "so".mp4', "žluť ант.mp4"]
)
def test_names_of_all_kinds_can_be_read(films, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    shutil.copy(films("g25.mp4"), tmp_path / name)
    with VideoReader(name) as reader:
        assert numbers(reader.frames(0, 3)) == [0, 1, 2]
        assert read_number(reader.read(40).image) == 40


def test_a_picture_that_changes_size_is_an_error(films, tmp_path):
    small = make_film(tmp_path / "small.ts", "-vf scale=64:48 -c:v mpeg2video -q 2")
    large = make_film(tmp_path / "large.ts", "-c:v mpeg2video -q 2")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(large.read_bytes() + small.read_bytes())
    with VideoReader(joined) as reader, pytest.raises(VideoError, match=r"expected frames of 96x64 pixels.*is 64x48"):
        list(reader.frames())


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("fly_clips/single_fly_13nodes/single_fly.mp4", 128),
        ("robot_clip/small_robot.mp4", 166),
        ("formats/analysis_export/small_robot_3_frame.mp4", 3),
    ],
)
def test_real_videos(shared_data, path, count):
    with VideoReader(shared_data / path) as reader:
        assert reader.frame_count == count
        frames = list(reader.frames())
        assert len(frames) == count
        for k in (count - 1, count // 3, 0):
            np.testing.assert_array_equal(reader.read(k).image, frames[k].image)
        assert reader.problems == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "count", "fps"),
    [
        ("video_samples/spider_video.mp4", 2352, 60),
        ("video_samples/zebrafish_mpeg4.avi", 508, 28.07),
        ("video_samples/tiny_ant_clips/7-7-21_21-BA2_2B_ROI_0.mp4", 10443, 23.976),
        ("fly_clips/clip_pair_13nodes/clip.mp4", 1500, 25),
    ],
)
def test_long_real_videos(shared_data, path, count, fps):
    with VideoReader(shared_data / path) as reader:
        assert reader.frame_count == count
        assert reader.fps == pytest.approx(fps, abs=0.01)
        picks = sorted(random.Random(0).sample(range(count), 8))
        wanted = {frame.index: frame.image for frame in reader.frames() if frame.index in picks}
        for k in reversed(picks):
            np.testing.assert_array_equal(reader.read(k).image, wanted[k])
