import json
import os

import pytest

from antpipe import contents
from antpipe.contents import BLOCK, BLOCKS, content_of, contents_of


def big(path, change=None, size=BLOCK * (BLOCKS + 10)):
    data = bytearray(size)
    if change is not None:
        data[change] = 1
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("change", [0, BLOCK * (BLOCKS + 10) - 1])
def test_a_change_at_either_end_of_a_video_is_seen(tmp_path, change):
    assert content_of(big(tmp_path / "a.mp4")) != content_of(big(tmp_path / "b.mp4", change))


def test_a_longer_video_is_another_one(tmp_path):
    assert content_of(big(tmp_path / "a.mp4")) != content_of(big(tmp_path / "b.mp4", size=BLOCK * (BLOCKS + 11)))


@pytest.mark.parametrize("change", range(0, BLOCK * (BLOCKS + 10), BLOCK // 2 + 1))
def test_every_byte_of_labels_counts(tmp_path, change):
    assert content_of(big(tmp_path / "a.slp")) != content_of(big(tmp_path / "b.SLP", change))


def test_the_date_does_not_count(tmp_path):
    path = big(tmp_path / "a.mp4")
    before = contents_of([str(path)], tmp_path / "cache.json")
    os.utime(path, (1, 1))
    assert contents_of([str(path)], tmp_path / "cache.json") == before


def test_other_bytes_with_an_older_date_are_seen(tmp_path):
    path = big(tmp_path / "a.mp4")
    before = contents_of([str(path)], tmp_path / "cache.json")
    big(tmp_path / "new.mp4", 0)
    os.utime(tmp_path / "new.mp4", (1, 1))
    os.replace(tmp_path / "new.mp4", path)
    assert contents_of([str(path)], tmp_path / "cache.json") != before


def test_a_file_is_read_once(tmp_path, monkeypatch):
    paths = [str(big(tmp_path / f"{n}.mp4", n)) for n in range(3)]
    before = contents_of(paths[:2], tmp_path / "cache.json")
    read = []
    monkeypatch.setattr(contents, "content_of", lambda path: read.append(path) or "new")
    assert contents_of(paths, tmp_path / "cache.json") == {**before, paths[2]: "new"}
    assert read == [paths[2]]


def test_files_that_are_not_there_are_left_out(tmp_path):
    assert contents_of([str(tmp_path / "none.mp4")], tmp_path / "cache.json") == {}
    assert not (tmp_path / "cache.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_a_broken_cache_is_made_anew(tmp_path, text):
    path = str(big(tmp_path / "a.mp4"))
    (tmp_path / "cache.json").write_text(text)
    assert contents_of([path], tmp_path / "cache.json") == {path: content_of(path)}
    assert json.loads((tmp_path / "cache.json").read_text())[path][3] == content_of(path)


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path):
    path = str(big(tmp_path / "a.mp4"))
    (tmp_path / "file").touch()
    assert contents_of([path], tmp_path / "file" / "cache.json") == {path: content_of(path)}


@pytest.mark.parametrize("kept", ["[]", '{"film": 3}', '{"film": []}', "[" * 100_000, "no JSON"])
def test_what_was_kept_and_cannot_be_used_is_found_again(tmp_path, monkeypatch, kept):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film").write_text("x")
    (tmp_path / "cache.json").write_text(kept)
    assert contents_of(["film"], "cache.json") == {"film": content_of("film")}
