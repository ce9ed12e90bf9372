"""The record beside a preprocessed video, whole, damaged, and of another program."""

import json

import pytest

from antpipe.errors import VideoError
from antpipe.video.sidecar import read_sidecar

MAP = {"scale": [2.0, 2], "offset": [0.5, -3]}


@pytest.fixture
def write(tmp_path):
    def write(content):
        (tmp_path / "film.json").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return tmp_path / "film.mp4"

    return write


def test_a_record_is_read_as_it_is_with_what_it_says_besides(write):
    record = {"to_raw": MAP, "source": {"path": "a.mov", "fps": 25}, "first_raw_frame": 3, "notes": ["sound"]}
    assert read_sidecar(write(record)) == record


@pytest.mark.parametrize("content", [None, [1, 2], {"camera": "x", "exposure": float("nan")}, "text"])
def test_beside_a_raw_video_there_is_nothing_or_something_else(tmp_path, write, content):
    video = tmp_path / "film.mp4" if content is None else write(content)
    assert read_sidecar(video) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: Expecting value"),
        (b'{"to_raw": {"scale": [2', "line 1"),
        (b"\xff\xfe\x00", "'utf-8' codec"),
        (b"[" * 100_000, "it is nested too deep"),
        ({"to_raw": None}, "to_raw: Input should be a valid dictionary"),
        ({"to_raw": {**MAP, "scale": [2, 0]}}, "to_raw.scale.1: Input should be greater than 0"),
        ({"to_raw": {**MAP, "scale": [2]}}, "to_raw.scale: List should have at least 2"),
        ({"to_raw": {**MAP, "offset": [1, float("inf")]}}, "to_raw.offset.1: Input should be a finite number"),
        ({"to_raw": MAP, "first_raw_frame": -1}, "first_raw_frame: Input should be greater than or equal to 0"),
        ({"to_raw": MAP, "first_raw_frame": 10**30}, "first_raw_frame: "),
        ({"to_raw": MAP, "source": "film"}, "source: Input should be a valid dictionary"),
        ({"to_raw": MAP, "source": {"path": "a\0b"}}, "source.path: "),
        ({"to_raw": MAP, "output": {"width": "640"}}, "output.width: Input should be a valid integer"),
    ],
)
def test_a_damaged_record_is_one_sentence(write, content, message):
    with pytest.raises(VideoError, match=r"film.json: expected what preprocess writes beside a video") as error:
        read_sidecar(write(content))
    assert f"cannot be read ({message}" in str(error.value)
    assert str(error.value).isprintable()


def test_an_entry_that_is_missing_is_said_where_it_is_needed(write):
    record = read_sidecar(write({"to_raw": MAP, "source": {"path": "a.mov"}}))
    with pytest.raises(VideoError, match=r"film.json: expected an entry 'keeps_frame_numbers', got \['source', 'to_ra"):
        record["keeps_frame_numbers"]
    with pytest.raises(VideoError, match=r"film.json: expected an entry 'fps', got \['path'\]; preprocess the video"):
        record["source"]["fps"]
    assert record.get("output", {}) == {}
