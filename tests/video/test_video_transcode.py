"""Preprocessing: the right frames and pixels, a record of the way back, and the same bytes every time."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from numbered_film import (
    RECIPES,
    X264,
    blank_packet,
    ffmpeg_options,
    hdr_options,
    make_film,
    numbers,
    run_ffmpeg_program,
    truncate,
)

from antpipe.config.preprocess import PreprocessConfig
from antpipe.errors import ConfigError, VideoError
from antpipe.geometry import Transform
from antpipe.video import filters, transcode
from antpipe.video.names import output_name, unique_names
from antpipe.video.probe import probe
from antpipe.video.read import VideoReader
from antpipe.video.transcode import preprocess
from antpipe.video.write import VideoWriter


def read_all(path, channels=1) -> np.ndarray:
    with VideoReader(path, channels=channels) as reader:
        return np.stack([frame.image for frame in reader.frames()])


def shown(path) -> list[int]:
    with VideoReader(path) as reader:
        return numbers(reader.frames())


def run(video, folder, **settings):
    return preprocess(video, folder / "out.mp4", PreprocessConfig(**settings))


@pytest.mark.parametrize("name", sorted(set(RECIPES) - {"vfr.mp4"}))
def test_every_frame_of_every_format_is_kept(films, tmp_path, name):
    record = run(films(name), tmp_path)
    assert shown(tmp_path / "out.mp4") == list(range(60))
    assert record["notes"] == []
    assert (record["first_raw_frame"], record["keeps_frame_numbers"]) == (0, True)
    assert record["output"]["fps"] == pytest.approx(record["source"]["fps"], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("gop12.mp4", 0),
        ("stream.ts", 0),
        ("hevc.mp4", 0),
        ("full_range.mp4", 1),
        ("ten_bit.mp4", 1),
        ("ten_bit_709.mp4", 1),
        ("yuv444.mp4", 0),
        ("packed.avi", 0),
        ("gray.mp4", 1),
        ("gray16.mkv", 2),
        ("bottom_up.avi", 2),
        ("png.mov", 2),
        ("rgb.mkv", 2),
    ],
)
@pytest.mark.parametrize("grayscale", [False, True])
def test_brightness_stays_as_it_is(films, tmp_path, name, tolerance, grayscale):
    record = run(films(name), tmp_path, crf=0, grayscale=grayscale)
    before, after = read_all(films(name)), read_all(tmp_path / "out.mp4")
    assert np.abs(before.astype(int) - after).max() <= tolerance
    if grayscale:
        assert record["output"]["grayscale"]


@pytest.mark.parametrize("options", [(), ("-display_hflip",)])
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_videos_come_upright(films, tmp_path, degrees, options):
    path = films.turned("g25.mp4", degrees, *options)
    record = run(path, tmp_path, crf=0, crop=[40, 30, 3, 5])
    np.testing.assert_array_equal(read_all(tmp_path / "out.mp4"), read_all(path)[:, 5:35, 3:43])
    assert record["output"]["rotation"] == 0


def draw_blob_film(path, points, size=(320, 240)) -> None:
    """Draw a film in which frame n has a bright blob at point n."""
    y, x = np.mgrid[: size[1], : size[0]]
    with VideoWriter(path, width=size[0], height=size[1], fps=25, grayscale=True, crf=4) as writer:
        for px, py in points:
            spot = np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 5.0**2))
            writer.write((30 + 200 * spot).astype(np.uint8))


def blob_centres(path) -> np.ndarray:
    images = read_all(path)[..., 0].astype(float)
    y, x = np.mgrid[: images.shape[1], : images.shape[2]]
    weights = np.clip(images - 60, 0, None)
    total = weights.sum(axis=(1, 2))
    return np.stack([(weights * x).sum(axis=(1, 2)) / total, (weights * y).sum(axis=(1, 2)) / total], axis=-1)


@pytest.mark.parametrize(
    ("settings", "size", "to_raw"),
    [
        ({}, (320, 240), [[1, 1], [0, 0]]),
        ({"crop": [0.5, 0.5, 0.0, 0.25]}, (160, 120), [[1, 1], [0, 60]]),
        ({"crop": [131, 101, 13, 71]}, (130, 100), [[1, 1], [13, 71]]),
        ({"crop": [0.5, 100, 7, 0.25]}, (160, 100), [[1, 1], [7, 60]]),
        ({"scale": 0.5}, (160, 120), [[2, 2], [0.5, 0.5]]),
        ({"scale": 0.37}, (118, 88), [[320 / 118, 240 / 89], [(320 / 118 - 1) / 2, (240 / 89 - 1) / 2]]),
        ({"scale": 1.5, "crop": [161, 121, 1, 55]}, (242, 182), [[161 / 242, 121 / 182], [0.8326446, 54.8324176]]),
    ],
)
def test_pixels_are_found_again_in_the_raw_video(tmp_path, settings, size, to_raw):
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(40, 110, 8), rng.uniform(85, 130, 8)], axis=-1)
    raw = tmp_path / "raw.mp4"
    draw_blob_film(raw, points)
    record = run(raw, tmp_path, crf=4, **settings)
    assert (record["output"]["width"], record["output"]["height"]) == size
    np.testing.assert_allclose([record["to_raw"]["scale"], record["to_raw"]["offset"]], to_raw, atol=1e-6)
    found = Transform.from_dict(record["to_raw"])(blob_centres(tmp_path / "out.mp4"))
    assert np.abs(found - blob_centres(raw)).max() < 0.1
    assert np.abs(found - points).max() < 0.1


def test_an_odd_video_loses_its_last_column_and_row(tmp_path):
    raw = tmp_path / "odd.mkv"
    run_ffmpeg_program("-f", "lavfi", "-i", "testsrc=s=67x35:d=1", "-c:v", "ffv1", "-pix_fmt", "yuv420p", raw)
    record = run(raw, tmp_path, crf=0)
    np.testing.assert_array_equal(read_all(tmp_path / "out.mp4"), read_all(raw)[:, :34, :66])
    assert record["to_raw"] == {"scale": [1.0, 1.0], "offset": [0.0, 0.0]}
    assert record["notes"] == ["67x35 pixels became 66x34: sizes must be even"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"start": 0.4}, range(10, 60)),
        ({"end": 1.0}, range(25)),
        ({"start": 0.41, "end": 0.99}, range(11, 25)),
        ({"start": 1.0, "end": 1.04}, range(25, 26)),
        ({"start": 2.36, "end": 99.0}, range(59, 60)),
    ],
)
@pytest.mark.parametrize("name", ["opengop.mp4", "gop12.mkv", "x264_b.avi"])
def test_start_and_end_keep_exactly_those_frames(films, tmp_path, name, settings, expected):
    record = run(films(name), tmp_path, **settings)
    assert shown(tmp_path / "out.mp4") == list(expected)
    assert record["first_raw_frame"] == expected[0]
    assert record["first_raw_time_s"] == pytest.approx(expected[0] / 25, abs=1e-3)
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert reader.read(0).time_s == 0.0


def test_variable_rate_becomes_constant(films, tmp_path):
    record = run(films("vfr.mp4"), tmp_path)
    assert record["source"]["variable_frame_rate"]
    assert record["output"]["variable_frame_rate"] is False
    assert record["keeps_frame_numbers"] is False
    rate = record["output"]["fps"]
    assert rate == pytest.approx(59 / 4.7, rel=0.01)
    with VideoReader(films("vfr.mp4")) as raw:
        times = np.array([frame.time_s for frame in raw.frames()])
    for number, seen in enumerate(shown(tmp_path / "out.mp4")):
        assert times[seen] == pytest.approx(number / rate, abs=0.5 / rate + 0.051)
    assert "frames were repeated or dropped to reach" in " ".join(record["notes"])


@pytest.mark.parametrize(
    ("fps", "count", "head"),
    [(12.5, 30, [0, 2, 4]), (50, 120, [0, 0, 1]), (25, 60, [0, 1, 2]), (10, 24, None), (29.97, 72, [0, 1, 2])],
)
def test_another_frame_rate_goes_by_time(films, tmp_path, fps, count, head):
    record = run(films("gop12.mp4"), tmp_path, fps=fps)
    seen = shown(tmp_path / "out.mp4")
    assert len(seen) == pytest.approx(count, abs=1)
    assert record["output"]["fps"] == pytest.approx(fps, rel=1e-4)
    assert head is None or seen[:3] == head
    assert record["keeps_frame_numbers"] is (fps == 25)
    assert all(abs(number / fps - frame / 25) <= 0.5 / min(fps, 25) + 0.021 for number, frame in enumerate(seen))


@pytest.mark.parametrize("packet", [20, 45])
def test_a_broken_frame_does_not_move_the_others(tmp_path, packet):
    whole = make_film(tmp_path / "whole.mp4", f"{X264} -g 12 -bf 3")
    raw = blank_packet(whole, tmp_path / "broken.mp4", packet)
    record = run(raw, tmp_path)
    assert record["source"]["frame_count"] == 59
    assert (record["output"]["frame_count"], record["output"]["fps"]) == (60, 25.0)
    assert record["keeps_frame_numbers"] is True
    seen = shown(tmp_path / "out.mp4")
    assert sum(number != frame for number, frame in enumerate(seen)) <= 6
    assert "1 frame cannot be decoded" in " ".join(record["notes"])
    late = run(raw, tmp_path, start=2.2)
    assert late["first_raw_frame"] == 55
    assert shown(tmp_path / "out.mp4") == [55, 56, 57, 58, 59]


@pytest.mark.parametrize("name", ["streamed.mp4", "mpeg4.avi", "stream.ts", "gop12.mkv"])
def test_a_truncated_video_gives_what_is_there(films, tmp_path, name):
    if name == "streamed.mp4":
        whole = make_film(tmp_path / "whole.mp4", f"{X264} -g 12 -bf 3 -movflags +faststart")
    else:
        whole = films(name)
    record = run(truncate(whole, tmp_path / name, 0.6), tmp_path)
    seen = shown(tmp_path / "out.mp4")
    assert 10 < len(seen) < 60
    assert seen[:-4] == list(range(len(seen) - 4))
    assert record["notes"]


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
@pytest.mark.parametrize("tone_mapped", [True, False])
def test_hdr_becomes_ordinary_video(tmp_path, monkeypatch, transfer, tone_mapped):
    if tone_mapped and not filters.can_tone_map():
        pytest.skip("this ffmpeg has no zscale")
    if not tone_mapped:
        monkeypatch.setattr(filters, "can_tone_map", lambda: False)
        monkeypatch.setattr(transcode, "can_tone_map", lambda: False)
    record = run(make_film(tmp_path / "hdr.mp4", hdr_options(transfer)), tmp_path)
    assert record["source"]["hdr"]
    assert record["output"]["pixel_format"] == "yuv420p"
    assert record["output"]["hdr"] is not tone_mapped
    assert ("BT.709" if tone_mapped else "no zscale filter") in record["notes"][0]
    assert shown(tmp_path / "out.mp4") == list(range(60))
    assert read_all(tmp_path / "out.mp4").std() > 20


def test_sound_covers_and_metadata_are_dropped(films, tmp_path):
    raw = tmp_path / "raw.mp4"
    cover = tmp_path / "cover.jpg"
    run_ffmpeg_program("-f", "lavfi", "-i", "color=red:s=32x32", "-frames:v", 1, cover)
    inputs = ["-i", cover, "-f", "lavfi", "-i", "sine=d=2.4", "-i", films("gop12.mp4")]
    maps = ["-map", 0, "-map", 1, "-map", 2, "-c:v", "copy", "-disposition:v:0", "attached_pic"]
    run_ffmpeg_program(*inputs, *maps, "-metadata", "title=secret", raw)
    record = run(raw, tmp_path)
    assert shown(tmp_path / "out.mp4") == list(range(60))
    assert record["source"]["has_audio"]
    assert not record["output"]["has_audio"]
    assert "sound was dropped" in record["notes"]
    assert b"secret" not in (tmp_path / "out.mp4").read_bytes()


def test_the_record_lies_beside_the_video(films, tmp_path):
    config = PreprocessConfig(crop=(0.5, 0.5, 0.0, 0.25), start=0.2)
    record = preprocess(films("gop12.mp4"), tmp_path / "new" / "a.b.mp4", config)
    path = tmp_path / "new" / "a.b.json"
    assert json.loads(path.read_text()) == json.loads(json.dumps(record))
    assert sorted(file.name for file in path.parent.iterdir()) == ["a.b.json", "a.b.mp4"]
    assert PreprocessConfig.model_validate(record["settings"]) == config
    assert record["source"] == probe(films("gop12.mp4")).to_dict()
    assert record["output"] == probe(tmp_path / "new" / "a.b.mp4").to_dict()
    assert record["command"][0] == "ffmpeg"
    assert f"file:{(tmp_path / 'new' / 'a.b.mp4').as_posix()}" == record["command"][-1]
    assert record["antpipe_version"]


@pytest.mark.parametrize(
    "settings", [{}, {"scale": 0.7, "crop": [0.9, 0.9, 0.05, 0.05]}, {"grayscale": True, "fps": 10}]
)
def test_the_same_settings_give_the_same_bytes(films, tmp_path, monkeypatch, settings):
    monkeypatch.chdir(tmp_path)
    shutil.copy(films("gop12.mp4"), "in.mp4")
    contents = []
    for threads in (0, 1, 3):
        preprocess("in.mp4", "out.mp4", PreprocessConfig(**settings), threads=threads)
        contents.append(((tmp_path / "out.mp4").read_bytes(), (tmp_path / "out.json").read_bytes()))
    assert len({video for video, _ in contents}) == 1
    preprocess("in.mp4", "out.mp4", PreprocessConfig(**settings))
    assert ((tmp_path / "out.mp4").read_bytes(), (tmp_path / "out.json").read_bytes()) == contents[0]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores can be taken away on Linux alone")
def test_fewer_cores_give_the_same_bytes(films, tmp_path):
    run(films("gop12.mp4"), tmp_path, scale=0.7)
    code = (
        "import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from antpipe.config.preprocess import PreprocessConfig\n"
        "from antpipe.video.transcode import preprocess\n"
        "preprocess(sys.argv[1], sys.argv[2], PreprocessConfig(scale=0.7))\n"
    )
    subprocess.run([sys.executable, "-c", code, films("gop12.mp4"), tmp_path / "one.mp4"], check=True)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "out.mp4").read_bytes()


@pytest.mark.parametrize("name", ['it\'s "so" 100%d.mp4', "-y.mp4", "a:b.mp4", "žluť ант.mp4", "[0:v],;.mp4"])
def test_names_of_all_kinds(films, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    shutil.copy(films("gop12.mp4"), name)
    os.mkdir("out")
    preprocess(name, f"out/{name}", PreprocessConfig(scale=0.5))
    assert sorted(os.listdir("out")) == sorted([name, name[:-4] + ".json"])
    assert probe(f"out/{name}").frame_count == 60


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"crop": [90, 60, 10, 0]}, r"crop of 90x60 pixels at \(10, 0\) does not fit the frame of 96x64 pixels"),
        ({"crop": [0.5, 0.5, 0.0, 0.75]}, r"crop of 48x32 pixels at \(0, 48\) does not fit the frame of 96x64"),
        ({"crop": [0.001, 0.5, 0.0, 0.0]}, r"crop of 0x32 pixels at \(0, 0\) does not fit"),
        ({"crop": [1, 1, 0, 0]}, "expected at least 2x2 pixels after crop and scale, got 1x1; change preprocess.crop"),
        ({"scale": 0.01}, "expected at least 2x2 pixels after crop and scale, got 1x1"),
        ({"start": 3.0}, "no frame from 3 s to 2.4 s; the video lasts 2.40 s; change preprocess.start"),
        ({"start": 1.01, "end": 1.03}, "no frame from 1.01 s to 1.03 s"),
    ],
)
def test_settings_that_leave_nothing_are_errors(films, tmp_path, settings, message):
    with pytest.raises(VideoError, match=message) as caught:
        run(films("gop12.mp4"), tmp_path, **settings)
    assert str(caught.value).startswith(str(films("gop12.mp4")))
    assert list(tmp_path.iterdir()) == []


def test_the_raw_video_is_never_replaced(films, tmp_path):
    raw = tmp_path / "raw.mp4"
    shutil.copy(films("g25.mp4"), raw)
    (tmp_path / "link.mp4").symlink_to(raw)
    (tmp_path / "hard.mp4").hardlink_to(raw)
    for name in ("raw.mp4", "link.mp4", "hard.mp4"):
        with pytest.raises(VideoError, match="the output would replace the raw video; choose another name or folder"):
            preprocess(raw, tmp_path / name, PreprocessConfig())
    with pytest.raises(VideoError, match=r"out\.avi: expected a name that ends in \.mp4"):
        preprocess(raw, tmp_path / "out.avi", PreprocessConfig())
    assert raw.read_bytes() == films("g25.mp4").read_bytes()


def test_a_failure_leaves_the_earlier_result(films, tmp_path, monkeypatch):
    run(films("g25.mp4"), tmp_path)
    before = [(path.name, path.read_bytes()) for path in sorted(tmp_path.iterdir())]
    options = ffmpeg_options("-preset", "nonsense")
    monkeypatch.setattr(filters, "encoder_options", lambda **_: options)
    with pytest.raises(VideoError, match=r"g25\.mp4: ffmpeg failed: "):
        run(films("g25.mp4"), tmp_path)
    assert [(path.name, path.read_bytes()) for path in sorted(tmp_path.iterdir())] == before


def test_what_is_no_video_is_an_error_and_leaves_nothing(tmp_path):
    raw = tmp_path / "raw.mp4"
    raw.write_text("no video")
    with pytest.raises(VideoError, match=r"raw\.mp4: expected a video"):
        preprocess(raw, tmp_path / "out.mp4", PreprocessConfig())
    assert [path.name for path in tmp_path.iterdir()] == ["raw.mp4"]


def test_progress_goes_forward_to_its_end(films, tmp_path):
    calls = []
    preprocess(films("gop12.mp4"), tmp_path / "out.mp4", PreprocessConfig(), lambda *call: calls.append(call))
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert calls[-1] == (180, 180)
    assert {total for _, total in calls} == {None, 180}


def test_names_of_videos():
    assert output_name("data/a.b.mp4") == "a.b"
    assert unique_names(["x/a.b.mp4", "y/a.mp4"]) == {"a.b": "x/a.b.mp4", "a": "y/a.mp4"}
    for pair in (["x/a.mp4", "y/a.avi"], ["x/Film.mp4", "y/film.mp4"], ["x/é.mp4", "y/e\u0301.mp4"]):
        with pytest.raises(ConfigError, match=f"'{pair[0]}' and '{pair[1]}' have the same name"):
            unique_names(pair)


@pytest.mark.slow
def test_a_real_video(shared_data, tmp_path):
    raw = shared_data / "fly_clips" / "single_fly_13nodes" / "single_fly.mp4"
    record = run(raw, tmp_path, crop=[0.5, 0.5, 0.25, 0.25], crf=10)
    before, after = read_all(raw)[:, 256:768, 256:768], read_all(tmp_path / "out.mp4")
    assert before.shape == after.shape
    assert np.abs(before.astype(int) - after).mean() < 2
    assert record["notes"] == []
