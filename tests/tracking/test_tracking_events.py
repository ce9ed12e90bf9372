"""The table of events, whole and damaged."""

import pytest

from antpipe.errors import PosesError
from antpipe.tracking.events import COLUMNS, Event, read_events, write_events

HEAD = "\t".join(COLUMNS)
ROW = "7\tjoin\ta\tb\t3\t0.5\t1.5\t2.5"


def event(**values):
    start = {"frame_idx": 7, "kind": "join", "track": "a", "other": "", "gap": 0, "confidence": 0.5, "x": 1.5, "y": 2.5}
    return Event(**(start | values))


@pytest.mark.parametrize("track", ["", " ", "žába", "a\x0bb", "a\x1cb", "a\x85b", "a\u2028b", '"a"', "#1"])
def test_any_name_of_a_track_comes_back(tmp_path, track):
    events = [event(track=track), event(frame_idx=9, other=track)]
    write_events(tmp_path / "e.tsv", events)
    assert read_events(tmp_path / "e.tsv") == events


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_table_saved_by_another_program_is_read(tmp_path, end):
    (tmp_path / "e.tsv").write_bytes((HEAD + (end or "\n") + ROW + end).encode())
    assert read_events(tmp_path / "e.tsv") == [event(other="b", gap=3)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "table of events not found"),
        (b"", "expected a table of events with the columns"),
        (b"\xff\xfe", "expected a table of events, but it is not text ('utf-8' codec"),
        (b"x" * 9999, "expected a table of events with the columns"),
        (ROW[:-5], "expected a row of 8 cells, got ["),
        (ROW.replace("7", "1e3"), "invalid literal for int"),
        (ROW.replace("7", "-7"), "-7 is no count of frames"),
        (ROW.replace("7", "9" * 30), "is no count of frames"),
        (ROW.replace("join", "jump"), "unknown kind 'jump'"),
        (ROW.replace("0.5", "sure"), "could not convert string to float"),
    ],
)
def test_a_damaged_table_is_one_sentence(tmp_path, content, message):
    path = tmp_path / "e.tsv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else f"{HEAD}\n{content}\n".encode())
    with pytest.raises(PosesError) as error:
        read_events(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)
    assert len(str(error.value)) < 700 + len(str(path))
    assert str(error.value).isprintable()
