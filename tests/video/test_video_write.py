"""Writing: what is written is read back, whole or not at all, and the same bytes every time."""

import os
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest
from numbered_film import draw_frame, numbers

from antpipe.errors import ResourceError, VideoError
from antpipe.video.ffmpeg import ffmpeg_binary
from antpipe.video.read import VideoReader
from antpipe.video.write import VideoWriter

SIZE = {"width": 96, "height": 64}


def write_film(path, frames=40, fps=25.0, **options):
    with VideoWriter(path, **SIZE, fps=fps, **options) as writer:
        for number in range(frames):
            image = draw_frame(number)
            writer.write(image[..., :1] if options.get("grayscale") else image)
    return path


def write_and_raise(path, error) -> None:
    with VideoWriter(path, **SIZE, fps=25) as writer:
        writer.write(draw_frame(0))
        raise error


def leftovers(folder, *expected) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(expected)


@pytest.mark.parametrize("name", ["plain.mp4", "new folder/it's 100%d a:b -y.mp4", "-i.mp4", "žluť.mp4"])
def test_frames_are_read_back_in_order(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_film(name)
    with VideoReader(name) as reader:
        assert numbers(reader.frames()) == list(range(40))
        assert (reader.width, reader.height, reader.fps, reader.frame_count) == (96, 64, 25.0, 40)
    assert leftovers((tmp_path / name).parent, (tmp_path / name).name)


@pytest.mark.parametrize("fps", [24.0, 30000 / 1001, 23.976, 28.07, 120.0, 0.5])
def test_the_frame_rate_is_kept(tmp_path, fps):
    with VideoReader(write_film(tmp_path / "a.mp4", frames=30, fps=fps)) as reader:
        assert reader.fps == pytest.approx(fps, rel=1e-6)
        assert reader.read(29).time_s == pytest.approx(29 / fps, abs=1e-4)


def test_grey_levels_survive(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    with VideoWriter(tmp_path / "ramp.mp4", width=256, height=64, fps=25, grayscale=True, crf=0) as writer:
        writer.write(ramp)
        writer.write(ramp[..., None])
    for channels in (1, 3):
        with VideoReader(tmp_path / "ramp.mp4", channels=channels) as reader:
            images = np.stack([frame.image for frame in reader.frames()])
        assert np.abs(images.astype(int) - ramp[None, ..., None]).max() <= 1


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 120, 40), (0, 0, 0), (255, 255, 255)])
def test_colours_survive(tmp_path, colour):
    frame = np.full((64, 96, 3), colour, np.uint8)
    with VideoWriter(tmp_path / "a.mp4", **SIZE, fps=25, crf=0) as writer:
        writer.write(frame)
    with VideoReader(tmp_path / "a.mp4", channels=3) as reader:
        assert np.abs(reader.read(0).image.astype(int) - colour).max() <= 3


def test_the_stream_is_easy_to_seek_and_says_its_colours(tmp_path):
    with av.open(str(write_film(tmp_path / "a.mp4", keyframe_interval=10))) as container:
        stream = container.streams.video[0]
        packets = [p for p in container.demux(stream) if p.size]
        assert [n for n, p in enumerate(packets) if p.is_keyframe] == [0, 10, 20, 30]
        assert [p.pts for p in packets] == [p.dts for p in packets] == sorted(p.pts for p in packets)
    with av.open(str(tmp_path / "a.mp4")) as container:
        frame = next(container.decode(video=0))
    assert (frame.format.name, frame.colorspace, frame.color_range) == ("yuv420p", 1, 1)
    assert (frame.color_trc, frame.color_primaries) == (1, 1)
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("grayscale", [False, True])
def test_the_same_frames_give_the_same_bytes(tmp_path, grayscale):
    first = write_film(tmp_path / "first.mp4", grayscale=grayscale).read_bytes()
    assert write_film(tmp_path / "second.mp4", grayscale=grayscale).read_bytes() == first


def test_an_error_in_the_block_leaves_what_was_there(tmp_path):
    path = write_film(tmp_path / "a.mp4", frames=5)
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="stop"):
        write_and_raise(path, RuntimeError("stop"))
    assert path.read_bytes() == before
    assert leftovers(tmp_path, "a.mp4")


def test_a_film_without_frames_is_an_error(tmp_path):
    with pytest.raises(VideoError, match=r"a\.mp4: expected frames to write, got none"):
        write_film(tmp_path / "a.mp4", frames=0)
    assert leftovers(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 97}, "expected an even width and height of at least 2, got 97x64"),
        ({"height": 0}, "expected an even width and height of at least 2, got 96x0"),
        ({"fps": 0}, "expected frames per second above 0, got 0"),
        ({"fps": float("nan")}, "expected frames per second above 0, got nan"),
    ],
)
def test_bad_settings_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        VideoWriter(tmp_path / "a.mp4", **{**SIZE, "fps": 25, **options})


@pytest.mark.parametrize(
    ("grayscale", "frame"),
    [
        (False, np.zeros((64, 96), np.uint8)),
        (False, np.zeros((96, 64, 3), np.uint8)),
        (False, np.zeros((64, 96, 3), np.float32)),
        (True, np.zeros((64, 96, 3), np.uint8)),
        (True, np.zeros((64, 96, 2), np.uint8)),
    ],
)
def test_frames_of_another_kind_are_refused(tmp_path, grayscale, frame):
    with VideoWriter(tmp_path / "a.mp4", **SIZE, fps=25, grayscale=grayscale) as writer:
        with pytest.raises(ValueError, match="expected uint8"):
            writer.write(frame)
        writer.write(draw_frame(7)[..., : 1 if grayscale else 3])
    with VideoReader(tmp_path / "a.mp4") as reader:
        assert numbers(reader.frames()) == [7]


def test_frames_need_the_with_block(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4", **SIZE, fps=25)
    with pytest.raises(ValueError, match="inside the writer's with block"):
        writer.write(draw_frame(0))


def test_frames_with_gaps_in_memory_are_written_right(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", **SIZE, fps=25) as writer:
        for number in range(10):
            writer.write(np.repeat(draw_frame(number), 2, axis=1)[:, ::2])
    with VideoReader(tmp_path / "a.mp4") as reader:
        assert numbers(reader.frames()) == list(range(10))


def test_an_ffmpeg_that_fails_is_one_sentence(tmp_path):
    with pytest.raises(
        VideoError, match=rf"^{tmp_path}/a\.mp4: ffmpeg failed: Error setting preset.*nonsense"
    ) as caught:
        write_film(tmp_path / "a.mp4", frames=200, preset="nonsense")
    assert "\n" not in str(caught.value)
    assert leftovers(tmp_path)


@pytest.mark.parametrize("choice", ["/nowhere/ffmpeg", "no-such-program"])
def test_an_ffmpeg_that_is_not_there_is_named(tmp_path, monkeypatch, choice):
    monkeypatch.setenv("ANTPIPE_FFMPEG", choice)
    with pytest.raises(ResourceError, match=f"ANTPIPE_FFMPEG={choice}: expected a program; mend or unset it"):
        write_film(tmp_path / "a.mp4")
    assert leftovers(tmp_path)


def test_the_chosen_ffmpeg_comes_before_the_one_on_path(tmp_path, monkeypatch):
    for folder in ("chosen", "path"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ffmpeg").symlink_to(ffmpeg_binary())
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.delenv("ANTPIPE_FFMPEG", raising=False)
    assert ffmpeg_binary() == str(tmp_path / "path" / "ffmpeg")
    monkeypatch.setenv("ANTPIPE_FFMPEG", str(tmp_path / "chosen" / "ffmpeg"))
    assert ffmpeg_binary() == str(tmp_path / "chosen" / "ffmpeg")


SCRIPT = """
import signal, sys, time
import numpy as np
from antpipe.video.write import VideoWriter
# A shell that runs the tests in the background has its children ignore the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
with VideoWriter(sys.argv[1], width=96, height=64, fps=25) as writer:
    writer.write(np.zeros((64, 96, 3), np.uint8))
    print(writer._process._process.pid, flush=True)
    time.sleep(60)
"""


def test_an_interrupt_ends_ffmpeg_and_leaves_nothing(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "a.mp4")]
    # A session of its own, so that the signal reaches Python alone, as from a cluster's scheduler.
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    ffmpeg = int(program.stdout.readline())
    program.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in program.communicate(timeout=20)[1]
    time.sleep(0.1)
    with pytest.raises(ProcessLookupError):
        os.kill(ffmpeg, 0)
    assert leftovers(tmp_path)
