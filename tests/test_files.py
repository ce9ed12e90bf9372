import hashlib
import os
import stat

import pytest

from antpipe.files import (
    atomic_directory,
    atomic_path,
    fingerprint,
    read_json,
    refuse_deep,
    remove_leftovers,
    scratch_directory,
    write_json,
)

NAMES = ["poses.parquet", "a b 'c' \"d\".json", "Ameise ü 蟻.mp4", "no_suffix", ".hidden", "x" * 200 + ".npz"]


def everything_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_appears_at_the_end_of_the_block(tmp_path, name):
    path = tmp_path / "new folder" / name
    with atomic_path(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.name.endswith(name[-20:])
    assert path.read_text() == "whole"
    assert everything_in(path.parent) == [name]


@pytest.mark.parametrize("old", [None, "old"])
def test_a_failed_block_leaves_what_was_there(tmp_path, old):
    path = tmp_path / "file.txt"
    if old:
        path.write_text(old)

    def fail():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert everything_in(tmp_path) == (["file.txt"] if old else [])
    assert not old or path.read_text() == old


def test_results_are_readable_as_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        write_json(tmp_path / "a.json", 1)
        with atomic_directory(tmp_path / "folder") as temporary:
            (temporary / "b").touch()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "run" / "state"
    for content in ("first", "second"):
        with atomic_directory(path) as temporary:
            (temporary / f"{content}.txt").write_text(content)
    assert everything_in(tmp_path / "run") == ["state", "state/second.txt"]


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    path = tmp_path / "state"
    with atomic_directory(path) as temporary:
        (temporary / "old").touch()

    def fail():
        with atomic_directory(path) as temporary:
            (temporary / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert everything_in(tmp_path) == ["state", "state/old"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(IsADirectoryError), atomic_path(tmp_path / "out"):
        pytest.fail("the block ran, and its work would have been lost")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_json_comes_back_with_its_order_and_letters(tmp_path):
    value = {"z": 1, "a": [0.1, None, True, "Ü蟻"], "e": {}}
    write_json(tmp_path / "v.json", value)
    assert read_json(tmp_path / "v.json") == value
    assert list(read_json(tmp_path / "v.json")) == ["z", "a", "e"]
    assert "Ü蟻" in (tmp_path / "v.json").read_text(encoding="utf-8")


def test_json_with_nan_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "v.json", {"loss": float("nan")})
    assert everything_in(tmp_path) == []


def test_the_fingerprint_is_the_sha256_of_all_bytes(tmp_path):
    content = bytes(range(256)) * 5000
    (tmp_path / "f").write_bytes(content)
    assert fingerprint(tmp_path / "f") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_killed_process_left_goes_and_nothing_else(tmp_path, name):
    kept = ["other.parquet", f"x{name}", f".{name}.json", "..resume.notes", "results"]
    for other in kept:
        (tmp_path / other).touch()
    path = tmp_path / name
    path.touch()
    for block in (atomic_path, atomic_directory, scratch_directory):
        killed = os.fork()
        if not killed:
            with block(tmp_path / name):
                os._exit(9)
        os.waitpid(killed, 0)
    assert len(everything_in(tmp_path)) == len(kept) + 4
    remove_leftovers(path)
    assert everything_in(tmp_path) == sorted([*kept, name])
    remove_leftovers(tmp_path / "no folder" / name)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 200 + "]" * 200, '{"a":' * 60 + "1" + "}" * 60])
def test_json_that_is_nested_too_deep_is_refused(tmp_path, text):
    (tmp_path / "v.json").write_text(text)
    with pytest.raises(ValueError, match="nested"):
        read_json(tmp_path / "v.json")


def test_values_are_counted_as_often_as_they_are_referred_to():
    ten = [0] * 10
    refuse_deep([ten] * 10, most=110)
    with pytest.raises(ValueError, match="more than 109 values"):
        refuse_deep([ten] * 10, most=109)
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested more than 50 levels deep"):
        refuse_deep(endless)
