"""Broken files: what decodes comes out, what is lost is said, and what is no video is one clear sentence."""

import os

import av
import numpy as np
import pytest
from numbered_film import X264, blank_packet, make_film, numbers, run_ffmpeg_program, truncate

from antpipe.errors import VideoError
from antpipe.video.probe import probe
from antpipe.video.read import VideoReader


@pytest.fixture
def streamed(tmp_path):
    """An MP4 with its index in front."""
    return make_film(tmp_path / "whole.mp4", f"{X264} -g 12 -bf 3 -movflags +faststart")


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_a_truncated_mp4_gives_the_frames_that_are_there(streamed, tmp_path, share):
    path = truncate(streamed, tmp_path / "cut.mp4", share)
    with VideoReader(path) as reader:
        frames = list(reader.frames())
        # Where the file ends, B-frames may be missing before the last frame.
        assert numbers(frames)[:-3] == list(range(len(frames) - 3))
        assert 10 < len(frames) == reader.frame_count < 60
        assert "the file ends early: its header promises 60 frames" in reader.problems[0]
        np.testing.assert_array_equal(reader.read(len(frames) - 1).image, frames[-1].image)
    info = probe(path)
    assert info.frame_count == len(frames)
    assert info.container_frame_count == 60
    assert any("promises 60 frames" in problem for problem in info.problems)


@pytest.mark.parametrize("name", ["mpeg4.avi", "mjpeg.avi", "stream.ts", "gop12.mkv"])
def test_other_truncated_files_give_the_frames_that_are_there(films, tmp_path, name):
    path = truncate(films(name), tmp_path / name, 0.6)
    with VideoReader(path) as reader:
        frames = list(reader.frames())
        shown = numbers(frames)
        assert 10 < len(shown) == reader.frame_count < 60
        # The last one may be broken, and of B-frames a few may be missing before it.
        assert shown[:-4] == list(range(len(shown) - 4))
        np.testing.assert_array_equal(reader.read(9).image, frames[9].image)
    if name != "stream.ts":  # a transport stream does not say how long it should be
        assert any("the file ends early: its header promises" in problem for problem in probe(path).problems)


@pytest.mark.parametrize("packet", [20, 45, 59])
def test_a_lost_frame_leaves_a_gap_in_an_mp4(streamed, tmp_path, packet):
    path = blank_packet(streamed, tmp_path / "broken.mp4", packet)
    with VideoReader(path) as reader:
        frames = list(reader.frames())
        (lost,) = set(range(60)) - {frame.index for frame in frames}
        # Frames made of the lost one may be wrong too, up to the next key frame.
        sound = [frame for frame in frames if not lost // 12 * 12 <= frame.index < lost // 12 * 12 + 12]
        assert numbers(sound) == [frame.index for frame in sound]
        assert reader.frame_count == 60
        assert f"1 frame cannot be decoded (number {lost})" in reader.problems
    with VideoReader(path) as reader:
        with pytest.raises(VideoError, match=f"frame {lost} cannot be decoded"):
            reader.read(lost)
        for frame in frames:
            np.testing.assert_array_equal(reader.read(frame.index).image, frame.image)
        assert [frame.index for frame in reader.frames(lost - 3, lost + 1)] == [lost - 3, lost - 2, lost - 1]
    info = probe(path)
    assert (info.frame_count, info.fps, info.variable_frame_rate) == (59, 25, True)
    assert any("1 frame cannot be decoded" in problem for problem in info.problems)


def test_a_lost_frame_of_an_avi_is_counted(films, tmp_path):
    path = blank_packet(films("mpeg4.avi"), tmp_path / "broken.avi", 20)
    with VideoReader(path) as reader:
        frames = list(reader.frames())
        assert [frame.index for frame in frames] == list(range(59)) == list(range(reader.frame_count))
        assert any("1 frame cannot be decoded; later frames move up" in problem for problem in reader.problems)
        for k in (58, 30, 5):
            np.testing.assert_array_equal(reader.read(k).image, frames[k].image)


def test_a_damaged_frame_is_named(streamed, tmp_path):
    content = bytearray(streamed.read_bytes())
    with av.open(str(streamed)) as container:
        place, size = next((p.pos, p.size) for n, p in enumerate(container.demux(video=0)) if n == 44)
    content[place + 12 : place + size] = np.random.default_rng(1).integers(0, 256, size - 12, np.uint8).tobytes()
    path = tmp_path / "damaged.mp4"
    path.write_bytes(content)
    with VideoReader(path) as reader:
        frames = list(reader.frames())
        assert any("damaged and filled in by the decoder" in problem for problem in reader.problems)
    with VideoReader(path) as reader:
        for frame in reversed(frames):
            np.testing.assert_array_equal(reader.read(frame.index).image, frame.image)


@pytest.mark.parametrize("packet", [0, 12, 30])
def test_lost_key_frames_are_lost_once(streamed, tmp_path, packet):
    path = blank_packet(streamed, tmp_path / "broken.mp4", packet)
    with VideoReader(path) as reader:
        frames = {frame.index: frame.image for frame in reader.frames()}
        assert 40 < len(frames) < 60
        assert reader.problems
        for k in (59, 35, 13, 5):
            if k in frames:
                np.testing.assert_array_equal(reader.read(k).image, frames[k])


def no_video(folder, kind: str):
    path = folder / f"{kind}.mp4"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("frame,x,y\n1,2,3\n" * 50)
    elif kind == "noise":
        path.write_bytes(np.random.default_rng(0).bytes(5000))
    elif kind == "folder":
        path.mkdir()
    elif kind == "audio":
        run_ffmpeg_program("-f", "lavfi", "-i", "sine=d=0.2", path)
    elif kind == "indexless":
        truncate(make_film(folder / "whole.mp4", X264, frames=30), path, 0.5)
    elif kind == "cover":
        song = folder / "song.m4a"
        inputs = ["-f", "lavfi", "-i", "sine=d=0.2", "-f", "lavfi", "-i", "color=s=32x32", "-map", "0", "-map", "1"]
        run_ffmpeg_program(*inputs, "-frames:v", 1, "-c:v", "mjpeg", "-disposition:v", "attached_pic", song)
        song.rename(path)
    elif kind == "undecodable":
        source = make_film(folder / "whole.mp4", f"{X264} -g 100", frames=30)
        for packet in range(30):
            source = blank_packet(source, path, packet)
    return path


NO_VIDEO = {
    "missing": "video not found",
    "empty": r"the video is empty \(0 bytes\)",
    "text": "expected a video, but ffmpeg knows no such format or the file is broken",
    "noise": "expected a video, but ffmpeg knows no such format or the file is broken",
    "folder": "expected a video file, got a folder",
    "audio": "expected a video, but the file holds only audio",
    "cover": "expected a video, but the file holds only audio, video",
    "indexless": r"this MP4 was cut off before its index \(moov\) was written",
    "undecodable": "no frame can be decoded; the file is broken",
}


@pytest.mark.parametrize("kind", NO_VIDEO)
@pytest.mark.parametrize("use", [VideoReader, probe])
def test_what_is_no_video_is_one_sentence_that_names_it(tmp_path, kind, use):
    path = no_video(tmp_path, kind)
    with pytest.raises(VideoError, match=NO_VIDEO[kind]) as caught:
        use(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(films, tmp_path):
    path = tmp_path / "secret.mp4"
    path.write_bytes(films("g25.mp4").read_bytes())
    path.chmod(0)
    with pytest.raises(VideoError, match="may not be read; change its permissions"):
        VideoReader(path)
