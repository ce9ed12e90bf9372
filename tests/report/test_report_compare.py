"""The comparison of runs: its tables, figures and page."""

import csv
import re
import warnings

import numpy as np
import pytest
from drawn_runs import NODES, draw_centroid_run, draw_run, draw_sleap_run

from antpipe.errors import ModelError
from antpipe.evaluation.runs import find_runs
from antpipe.report import compare as compare_module
from antpipe.report.compare import FIGURES, TABLES, compare_runs
from antpipe.report.compare_nodes import plot_node_heat_map
from antpipe.report.run_names import short_names, shorten_names

EVIL = "<script>alert(1)<$script>"
ALL = sorted([*TABLES, *FIGURES, "comparison.html"])


@pytest.fixture
def figures(monkeypatch):
    """Collect the figures as they are saved, by the name of their file."""
    from matplotlib.figure import Figure

    seen = {}
    save = Figure.savefig

    def keep(self, path, **options):
        seen[path.name.rsplit(".", 2)[-2].split(".")[-1]] = self
        return save(self, path, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    return seen


def read_tsv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def text_of(page):
    text = re.sub(r'data:image/png;base64,[^"]*', "", page.read_text(encoding="utf-8"))
    assert "<script" not in text
    assert not re.search(r'(src|href)="(?!")', text), "the page fetches nothing"
    return text


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    draw_run(folder / "good" / "poses", error=2.0)
    draw_run(folder / "deep" / "er" / "poses", error=2.0, seed=3)
    draw_run(folder / EVIL, error=9.0, config={"backbone": {"unet": {"filters": 8}}})
    draw_run(folder / "two nodes", nodes=("head", "sting"), empty=["test"])
    draw_centroid_run(folder / "good" / "centroid")
    draw_sleap_run(folder / "sleap.centroid", model_type="centroid")
    (draw_run(folder / "unfinished") / "run.json").unlink()
    return folder


@pytest.fixture(scope="module")
def compared(models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "comparison"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare_runs(models, folder)
    return folder


def test_all_files_are_there_and_nothing_else(compared):
    assert sorted(path.name for path in compared.iterdir()) == ALL


def test_the_table_has_a_row_for_each_run_and_part(compared):
    rows = read_tsv(compared / "comparison.tsv")
    assert len(rows) == 6 * 3 - 1
    assert list(rows[0])[:4] == ["model", "metric_type", "vis.tp", "vis.fp"]
    assert {row["model"] for row in rows} >= {EVIL, "good/poses", "deep/er/poses"}
    (row,) = [r for r in rows if (r["model"], r["metric_type"]) == ("good/poses", "Test")]
    assert row["vis.tp"] == "144"
    assert float(row["dist.avg.low"]) < float(row["dist.avg"]) < float(row["dist.avg.high"])
    assert row["pck_voc.mAP"] == ""


def test_the_best_runs_come_with_those_that_cannot_be_told_from_them(compared):
    rows = read_tsv(compared / "best.tsv")
    (row,) = [r for r in rows if (r["measure"], r["metric_type"], r["runs"]) == ("dist.avg", "Test", "3")]
    pair = {"good/poses", "deep/er/poses"}
    assert {row["best"], row["not_distinguishable"]} == pair
    assert (row["worse"], row["cannot_be_told"], row["better"]) == (EVIL, "", "lower")
    assert (row["judged_by"], row["common_frames"], row["videos"]) == ("dist.avg", "24", "film.mp4")
    assert not [r for r in rows if "sleap" in r["best"]], "artefacts rank nowhere"
    assert {r["metric_type"] for r in rows} == {"Test", "Validation", "Training"}


def test_settings_that_differ_come_first(compared):
    rows = read_tsv(compared / "hyperparameters.tsv")
    differs = [row["differs"] for row in rows]
    assert differs == sorted(differs, reverse=True)
    (row,) = [r for r in rows if r["setting"] == "backbone.unet.filters"]
    assert (row["differs"], row[EVIL], row["good/poses"], row["sleap.centroid"]) == ("yes", "8", "16", "32")


def test_the_page_tells_what_is_best_and_what_was_left_out(compared):
    text = text_of(compared / "comparison.html")
    assert "<h1>Comparison of 6 runs</h1>" in text
    assert "1 thing could not be used" in text
    assert re.search(
        r"By OKS mAP [\d.]+ \[[\d.]+, [\d.]+\], (good|deep/er)/poses comes first: better than &lt;script", text
    )
    assert "† SLEAP evaluates a centroid model on true poses" in text
    assert "<td>unfinished</td><td>run.json: not found; the training is not finished" in text
    assert text.count("<img") == 3
    assert "There is nothing to compare good with." in text


def test_figures_show_every_run(models, tmp_path, figures):
    compare_runs(models, tmp_path)
    measures, nodes, learning = (figures[name.removesuffix(".png")] for name in FIGURES)
    rows = [[label.get_text() for label in axes.get_yticklabels()] for axes in measures.axes if axes.get_yticklabels()]
    assert sorted(max(rows, key=len)) == sorted(["deep/er/poses", "good/poses", EVIL])
    headings = [text.get_text() for axes in measures.axes for text in axes.texts]
    assert any(
        "3 runs, on 24 test frames of film.mp4; measured by antpipe, strict" in h.replace("\n", " ") for h in headings
    )
    assert [label.get_text() for label in nodes.axes[1].get_xticklabels()] == [*NODES, "sting"]
    titles = {axes.get_title(loc="left").splitlines()[-1] for axes in learning.axes}
    assert titles == {"good/poses", "deep/er/poses", EVIL, "two nodes", "good", "sleap"}
    assert {axes.get_xlabel() for axes in learning.axes} == {"Epoch (best: 1, loss 0.2)"}


def test_colours_tell_what_is_as_good_as_the_best(models, tmp_path, figures):
    compare_runs(models, tmp_path)
    axes = figures["measures"].axes[2]
    assert axes.get_xlabel().startswith("median error")
    dots = {line.get_ydata()[0]: line.get_color() for line in axes.lines if line.get_markersize() == 5}
    assert [dots[row] for row in range(3)] == ["#0072b2", "#0072b2", "#d55e00"]


def test_the_heat_map_tells_missing_from_not_predicted(tmp_path, figures):
    draw_run(tmp_path / "a", config={"head": {"anchor_part": "thorax"}})
    draw_run(tmp_path / "b", nodes=("head", "sting"))
    runs = find_runs(tmp_path).runs
    runs[1].parts["val"].node_errors["sting"]["p50"] = np.nan
    plot_node_heat_map([(run, "val") for run in runs], short_names(runs), tmp_path / "nodes.png")
    above = figures["nodes"].axes[0]
    cells = [text.get_text() for text in above.texts]
    assert cells[5] == ""
    assert (cells[3 + 4], cells[4 + 1]) == ("none", "")
    assert cells[1].endswith("*")
    assert [label.get_text() for label in above.get_yticklabels()] == ["a (val)", "b (val)"]
    values = np.ma.getdata(above.images[0].get_array())
    assert values[0, 0] == pytest.approx(runs[0].parts["val"].node_errors["head"]["p50"])


def test_a_run_without_any_figure_that_is_sound_still_gives_all_files(tmp_path):
    draw_sleap_run(tmp_path / "m" / "a", model_type="centroid")
    (tmp_path / "m" / "a" / "training_log.csv").unlink()
    compare_runs(tmp_path / "m", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ALL
    assert read_tsv(tmp_path / "out" / "best.tsv") == []
    text = text_of(tmp_path / "out" / "comparison.html")
    assert "No run has figures that can be compared." in text
    assert "a/training_log.csv" in text


def test_more_runs_than_figures_hold_are_in_the_tables(tmp_path, monkeypatch, figures):
    monkeypatch.setattr(compare_module, "MOST_DRAWN", 2)
    for i in range(4):
        draw_centroid_run(tmp_path / "m" / f"run {i}", f1=(0.1, i / 4))
    compare_runs(tmp_path / "m", tmp_path / "out")
    rows = [label.get_text() for label in figures["measures"].axes[0].get_yticklabels()]
    assert rows == ["run 3", "run 2"]
    assert len(figures["learning_curves"].axes) == 2
    assert "2 runs are in the tables only" in text_of(tmp_path / "out" / "comparison.html")
    assert len(read_tsv(tmp_path / "out" / "comparison.tsv")) == 12


def test_the_same_runs_give_the_same_files(models, compared, tmp_path):
    compare_runs(models, tmp_path)
    for name in ALL:
        assert (tmp_path / name).read_bytes() == (compared / name).read_bytes(), name


def test_a_folder_without_runs_gives_no_file(tmp_path):
    with pytest.raises(ModelError, match="expected a run with metrics in it or below, found none"):
        compare_runs(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_comparison_in_the_folder_of_the_models_leaves_them_alone(tmp_path):
    draw_centroid_run(tmp_path / "a")
    before = {path: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert len(compare_runs(tmp_path, tmp_path).runs) == 1
    assert len(compare_runs(tmp_path, tmp_path).runs) == 1
    assert {path: path.read_bytes() for path in (tmp_path / "a").iterdir()} == before


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["base/centroid"], ["base"]),
        (["centroid"], ["centroid"]),
        (["a/centroid", "a"], ["a/centroid", "a"]),
        (["a/x.240425_031454.t", "b/x.240425_031454.t"], ["a", "b"]),
        (["a/240425_031454.t", "a/240426_031454.t"], ["240425_031454", "240426_031454"]),
        (["x", "x/y"], ["x", "x/y"]),
        (["a.b", "a/b"], ["a.b", "a/b"]),
        (["tab\tname", "b"], ["tab name", "b"]),
    ],
)
def test_short_names(names, short):
    assert list(shorten_names(names, "centroid").values()) == short


def test_long_names_that_begin_alike_stay_apart():
    short = shorten_names(["a" * 300 + "1", "a" * 300 + "2"], "centroid")
    assert len(set(short.values())) == 2
    assert all(len(line) < 40 for name in short.values() for line in name.splitlines())
