"""The folder that an audit writes: tables, figures, pictures of suspects, and the page as a browser reads it."""

import csv
import json
from html.parser import HTMLParser

import cv2
import h5py
import numpy as np
import pytest
import sleap_io as sio

from antpipe.config.simulate import SimulateConfig
from antpipe.errors import LabelError
from antpipe.labels.audit.finding import KINDS
from antpipe.report.audit import audit_file
from antpipe.report.audit_suspects import MOST_DRAWN, SIDE
from antpipe.report.colours import YELLOW
from antpipe.synthetic.scene import simulate_tracks
from antpipe.synthetic.skeleton import ANT_SKELETON, NODES
from antpipe.video.write import VideoWriter

EVIL = "<script>alert('x')</script>\" & é 蟻"
FILES = {
    *("audit.html", "summary.json", "nodes.tsv", "videos.tsv", "frames.tsv", "findings.tsv"),
    *("poses.png", "frames.png", "nodes.png", "lengths.png", "suspects"),
}
SIZE = (640, 480)


def as_skeleton(name=str):
    pairs = ([tuple(map(name, pair)) for pair in pairs] for pairs in (ANT_SKELETON.edges, ANT_SKELETON.symmetries))
    return sio.Skeleton(list(map(name, NODES)), *pairs, name="ant")


def draw_ants(path, *, video="ants.mp4", name=str, wrong=True):
    """Write labels of simulated ants in 10 frames, in which four mistakes are planted."""
    config = SimulateConfig(ants=5, frames=10, width=SIZE[0], height=SIZE[1], body_length=90, fps=1, seed=2)
    points = simulate_tracks(config, 0).points + np.random.default_rng(0).normal(0, 0.5, (10, 5, len(NODES), 2))
    points = points.clip(1, np.array(SIZE) - 2)
    if wrong:
        left, right = ([NODES.index(side + "HindFoot")] for side in "LR")
        points[3, 1, left + right] = points[3, 1, right + left]
        points[5, 2, NODES.index("Head")] += (60, -50)
        points[8, 4] = points[8, 0] + 1
        points[9, 0, NODES.index("RMidFoot")] = (-30, 50)
    skeleton, film = as_skeleton(name), sio.Video(filename=str(video), open_backend=False)
    frames = [
        sio.LabeledFrame(film, 20 * i, [sio.Instance.from_numpy(ant, skeleton=skeleton) for ant in frame])
        for i, frame in enumerate(points)
    ]
    sio.Labels(frames, videos=[film], skeletons=[skeleton]).save(str(path), embed=False, verbose=False)
    return path


def read_table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class Page(HTMLParser):
    """Collects tags, text, pictures, and everything that would be fetched from outside."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.text, self.images, self.outside = [], "", 0, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href") and value.startswith("data:image/png"):
                self.images += 1
            elif name in ("src", "href") or name.startswith("on"):
                self.outside.append(value)

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    audit_file(draw_ants(folder / "labels é.slp"), folder / "audit")
    return folder / "audit"


def test_the_folder_has_all_files_and_every_mistake_a_row(folder):
    assert {path.name for path in folder.iterdir()} == FILES
    found = {(row["kind"], row["frame_idx"], row["instance"]) for row in read_table(folder / "findings.tsv")}
    expected = {
        ("left_right_swap", "60", "1"),
        ("edge_length", "100", "2"),
        ("duplicate_instance", "160", "4"),
        ("outside_frame", "180", "0"),
    }
    assert found >= expected
    assert len(found) <= len(expected) + 2


def test_each_finding_names_file_video_frame_instance_and_node(folder):
    rows = {row["kind"]: row for row in read_table(folder / "findings.tsv") if row["frame_idx"] != "180"}
    row = rows["edge_length"]
    assert (row["severity"], row["file"], row["video"]) == ("suspect", "labels é.slp", "ants.mp4")
    assert (row["node"], row["unit"], row["detail"]) == ("Head", "px", "Head to Neck")
    assert float(row["value"]) > 2 * float(row["expected"])
    assert float(row["x"]) > 0
    assert rows["left_right_swap"]["node"] == "LHindFoot, RHindFoot"
    severities = [row["severity"] for row in read_table(folder / "findings.tsv")]
    assert severities == sorted(severities, key=["error", "suspect", "note"].index)


def test_tables_add_up_to_the_summary(folder):
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert (summary["frames"], summary["user_instances"], summary["points"]) == (10, 50, 900)
    assert list(summary["findings"]) == list(KINDS)
    tables = {name: read_table(folder / f"{name}.tsv") for name in ("nodes", "videos", "frames", "findings")}
    assert sum(summary["findings"].values()) == len(tables["findings"])
    assert sum(int(row["findings"]) for row in tables["frames"]) == len(tables["findings"])
    assert [row["findings"] for row in tables["videos"]] == [str(len(tables["findings"]))]
    for name in ("nodes", "frames"):
        assert sum(int(row["points"]) for row in tables[name]) == 900
        assert sum(int(row["unverified"]) for row in tables[name]) == summary["unverified"] == 900
    assert {row["node"]: row["edge_length"] for row in tables["nodes"]}["Head"] == "1"
    assert list(summary["videos_not_at_hand"]) == ["ants.mp4"]


def test_pictures_show_the_suspect(folder):
    rows = [row for row in read_table(folder / "findings.tsv") if row["image"]]
    assert {row["kind"] for row in rows} >= {"left_right_swap", "edge_length", "duplicate_instance", "outside_frame"}
    assert sorted(row["image"] for row in rows) == sorted(f"suspects/{p.name}" for p in (folder / "suspects").iterdir())
    for row in rows:
        image = cv2.imread(str(folder / row["image"]))
        assert image.shape == (SIDE, SIDE, 3)
        assert (image[..., ::-1] == YELLOW).all(axis=-1).sum() > 20


def test_the_page_says_it_all_and_needs_nothing_outside(folder):
    page = Page(folder / "audit.html")
    assert page.outside == []
    assert "script" not in page.tags
    assert page.images == 4 + len(list((folder / "suspects").iterdir()))
    for kind in ("left_right_swap", "edge_length", "duplicate_instance", "outside_frame"):
        assert page.text.count(KINDS[kind].title) >= 2
    assert "Audit of labels é.slp" in page.text
    assert "the video is not at hand: ants.mp4" in page.text
    assert "Head to Neck: " in page.text


def test_names_with_markup_stay_names(tmp_path):
    path = draw_ants(tmp_path / "a&b <i>.slp", video=f"D:/{EVIL}.mp4", name=lambda node: f"{node} {EVIL}\t$x$")
    audit_file(path, tmp_path / "audit")
    page = Page(tmp_path / "audit" / "audit.html")
    assert "script" not in page.tags
    assert "i" not in page.tags
    assert page.outside == []
    assert f"Head {EVIL}" in page.text
    rows = read_table(tmp_path / "audit" / "nodes.tsv")
    assert [row["node"] for row in rows] == [f"{node} {EVIL}\t$x$" for node in NODES]


def test_suspects_are_cut_out_of_the_film_where_it_is_at_hand(tmp_path):
    film = tmp_path / "ants.mp4"
    with VideoWriter(film, width=SIZE[0], height=SIZE[1], fps=10, grayscale=True, crf=0) as writer:
        for index in range(170):
            writer.write(np.full(SIZE[::-1], index, np.uint8))
    audit_file(draw_ants(tmp_path / "labels.slp", video="C:\\films\\ants.mp4"), tmp_path / "audit")
    rows = read_table(tmp_path / "audit" / "findings.tsv")
    assert [row["frame_idx"] for row in rows if row["kind"] == "frame_beyond_video"] == ["180"]
    pictures = {row["image"]: int(row["frame_idx"]) for row in rows if row["image"] and row["frame_idx"] != "180"}
    assert len(set(pictures.values())) >= 3
    for name, frame in pictures.items():
        assert np.median(cv2.imread(str(tmp_path / "audit" / name))) == pytest.approx(frame, abs=2)
    assert json.loads((tmp_path / "audit" / "summary.json").read_text())["videos_not_at_hand"] == {}


def test_the_same_labels_give_the_same_bytes(folder, tmp_path):
    audit_file(folder.parent / "labels é.slp", tmp_path / "again")
    for path in folder.rglob("*"):
        if path.is_file():
            assert (tmp_path / "again" / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name


def labels_without(what, path):
    skeleton = sio.Skeleton(["a"] if what == "one node" else ["a", "b"], [] if what != "an edge" else [("a", "b")])
    film = sio.Video(filename="v.mp4", open_backend=False)
    count = 0 if what in ("instances", "frames") else 3
    nodes = len(skeleton.nodes)
    points = [np.arange(2.0 * nodes).reshape(nodes, 2) * 9 + 50 * i for i in range(count)]
    if what == "points":
        points = [np.full((nodes, 2), np.nan)] * 3
    instances = [sio.Instance.from_numpy(p, skeleton=skeleton) for p in points]
    frames = [] if what == "frames" else [sio.LabeledFrame(film, 0, instances), sio.LabeledFrame(film, 5, [])]
    sio.Labels(frames, videos=[film], skeletons=[skeleton]).save(str(path), embed=False, verbose=False)
    return path


@pytest.mark.parametrize("what", ["frames", "instances", "points", "one node", "no edge", "an edge"])
def test_labels_that_lack_something_are_audited_all_the_same(what, tmp_path):
    audit_file(labels_without(what, tmp_path / "l.slp"), tmp_path / "audit")
    assert {path.name for path in (tmp_path / "audit").iterdir()} == FILES
    summary = json.loads((tmp_path / "audit" / "summary.json").read_text())
    assert summary["user_instances"] == (0 if what in ("frames", "instances") else 3)
    assert summary["findings"]["no_visible_point"] == (3 if what == "points" else 0)
    assert "nan" not in Page(tmp_path / "audit" / "audit.html").text.casefold()
    assert "nan" not in (tmp_path / "audit" / "findings.tsv").read_text()


def test_several_skeletons_are_audited_in_one_go(tmp_path):
    path = draw_ants(tmp_path / "a.slp", wrong=False)
    labels = sio.load_slp(str(path), open_videos=False)
    other = sio.Skeleton(["Head", "Sting"], [("Head", "Sting")])
    for i, frame in enumerate(labels):
        frame.instances.append(sio.Instance.from_numpy(np.array([[300.0 + 9 * i, 200], [330, 230.0]]), skeleton=other))
    labels.skeletons.append(other)
    labels.save(str(tmp_path / "b.slp"), embed=False, verbose=False)
    audit_file(tmp_path / "b.slp", tmp_path / "audit")
    summary = json.loads((tmp_path / "audit" / "summary.json").read_text())
    assert [s["user_instances"] for s in summary["skeletons"]] == [50, 10]
    rows = {row["node"]: row["points"] for row in read_table(tmp_path / "audit" / "nodes.tsv")}
    assert (rows["Head"], rows["Neck"], rows["Sting"]) == ("60", "50", "10")


def test_embedded_images_are_the_pictures_ground(shared_data, tmp_path):
    labels = sio.load_slp(str(shared_data / "formats" / "slp" / "minimal_instance.pkg.slp"))
    path = tmp_path / "one.pkg.slp"
    path.write_bytes((shared_data / "formats" / "slp" / "minimal_instance.pkg.slp").read_bytes())
    with h5py.File(path, "r+") as file:
        points = file["points"][()]
        points["x"][0] = -40
        file["points"][...] = points
    audit_file(path, tmp_path / "audit")
    (row,) = read_table(tmp_path / "audit" / "findings.tsv")
    assert (row["kind"], row["instance"], row["node"]) == ("outside_frame", "0", labels.skeletons[0].node_names[0])
    picture = cv2.imread(str(tmp_path / "audit" / row["image"]))
    assert len(np.unique(picture)) > 100, "a photograph, not a plain ground"


def test_no_more_suspects_are_drawn_than_a_person_looks_at(tmp_path):
    path = draw_ants(tmp_path / "a.slp", wrong=False)
    labels = sio.load_slp(str(path), open_videos=False)
    for frame in labels:
        for instance in frame.instances[:2]:
            instance.points["xy"][0] = (-50, 10)
    labels.save(str(path), embed=False, verbose=False)
    audit_file(path, tmp_path / "audit", videos={})
    rows = [row for row in read_table(tmp_path / "audit" / "findings.tsv") if row["kind"] == "outside_frame"]
    assert len(rows) == 20
    assert sum(row["image"] != "" for row in rows) == MOST_DRAWN


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    labels = labels_without("frames", tmp_path / "l.slp")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(LabelError, match="mine: expected a new folder or that of an earlier audit"):
        audit_file(labels, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    (tmp_path / "empty").mkdir()
    for _ in range(2):
        audit_file(labels, tmp_path / "empty")
    assert {path.name for path in (tmp_path / "empty").iterdir()} == FILES


def test_a_failed_audit_leaves_nothing(tmp_path, monkeypatch):
    labels = labels_without("frames", tmp_path / "l.slp")
    monkeypatch.setattr("antpipe.report.audit.write_page", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        audit_file(labels, tmp_path / "audit")
    assert list(tmp_path.iterdir()) == [labels]


def test_the_integers_of_the_projects_main_data_set(shared_data, tmp_path):
    audit_file(shared_data / "ants_labels" / "datasets" / "main.v001.slp", tmp_path / "audit")
    summary = json.loads((tmp_path / "audit" / "summary.json").read_text())
    assert (summary["frames"], summary["user_instances"], summary["unverified"]) == (81, 1581, 0)
    assert (summary["invisible"], summary["worst_node"], summary["videos"]) == (329, "RForeFoot", 4)
    rows = {row["node"]: (row["invisible"], row["points"]) for row in read_table(tmp_path / "audit" / "nodes.tsv")}
    assert rows["RForeFoot"] == ("62", "1581")
    text = Page(tmp_path / "audit" / "audit.html").text
    for number in ("1,581", "329", "81"):
        assert number in text
