"""The summary page as a browser reads it."""

import base64
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from antpipe.report.page import write_summary

EVIL = "<script>alert('x')</script>\" & é 蟻"
VIDEO = {
    "video": EVIL,
    "frames_examined": 12345,
    "animals_median": 18.0,
    "animals_max": 32,
    "frames_without_animals": 0,
    "tracks": 40,
    "track_length_median_s": 61.25,
    "coverage": 0.8125,
    "tracked_share": 1.0,
    "score_mean": None,
}


class Page(HTMLParser):
    """Collects text, cells, pictures and everything that would be fetched from outside."""

    def __init__(self, path):
        super().__init__()
        self.cells, self.images, self.outside, self.tags = [], [], [], []
        self._in_cell = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._in_cell = tag == "td"
        if tag == "td":
            self.cells.append("")
        for name, value in attrs:
            if name in ("src", "href"):
                (self.images if value.startswith("data:") else self.outside).append(value)

    def handle_data(self, data):
        if self._in_cell:
            self.cells[-1] += data

    def handle_endtag(self, tag):
        self._in_cell = False


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / 'p "1".png'
    cv2.imwrite(str(path), np.full((4, 6, 3), 77, np.uint8))
    return path


def test_page_shows_videos_models_and_pictures_and_needs_nothing_outside(picture, tmp_path):
    measured = {"frames": 12345, "dist.avg": 1.23456, "oks_voc.mAP": 0.9}
    by_node = {"mode": "strict", "nodes": {"Head": 1}, "detection.radii": [1, 2]}
    models = [
        {"name": "m<1>", "metrics": {"val": measured, "test": {"dist.avg": float("nan")}}},
        {"name": "m2", "metrics": {"val": by_node}, "pictures": {"c": picture}},
    ]
    videos = [{**VIDEO, "pictures": {EVIL: picture}}, {"video": "b"}]
    write_summary(tmp_path / "r.html", title=EVIL, videos=videos, models=models)
    page = Page(tmp_path / "r.html")
    assert page.cells[:10] == [EVIL, "12,345", "18", "32", "0", "40", "61.2", "81.2%", "100.0%", "n/a"]
    assert page.cells[10:20] == ["b"] + ["n/a"] * 9
    rows = [page.cells[start : start + 6] for start in range(20, len(page.cells), 6)]
    assert rows == [
        ["m<1>", "val", "12,345", "1.235", "0.9", "n/a"],
        ["m<1>", "test", "n/a", "n/a", "n/a", "n/a"],
        ["m2", "val", "n/a", "n/a", "n/a", "strict"],
    ]
    assert page.outside == []
    assert "script" not in page.tags
    assert "link" not in page.tags
    kind, data = page.images[0].split(",", 1)
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == picture.read_bytes()
    assert len(page.images) == 2


def test_page_without_anything_says_so(tmp_path):
    write_summary(tmp_path / "r.html", title="t", videos=[])
    assert "There is nothing to report yet." in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize(
    ("videos", "models", "message"),
    [
        ([{"video": "v", "trakcs": 3}], [], r"does not know \['trakcs'\]; it knows \['animals_max', "),
        ([], [{"name": "m", "metrics": {}, "speed": 1}], r"does not know \['speed'\]; it knows \['metrics', 'name', "),
    ],
)
def test_page_refuses_what_it_does_not_know(videos, models, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_summary(tmp_path / "r.html", title="t", videos=videos, models=models)
    assert not (tmp_path / "r.html").exists()
