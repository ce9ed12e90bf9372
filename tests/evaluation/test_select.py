"""The run that is chosen for prediction, and when none can be."""

import json

import pytest
from drawn_runs import draw_centroid_run, draw_run, draw_sleap_run

from antpipe.errors import ConfigError, ModelError
from antpipe.evaluation.select import select_run, selected_folders, write_selection


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    draw_run(folder / "wide" / "centered_instance", error=2.0)
    draw_run(folder / "narrow" / "centered_instance", error=2.0, seed=3)
    draw_run(folder / "bad" / "centered_instance", error=9.0)
    draw_centroid_run(folder / "wide" / "centroid", f1=(0.1, 0.9))
    draw_centroid_run(folder / "narrow" / "centroid", f1=(0.2, 0.8))
    return folder


@pytest.mark.parametrize(
    ("measure", "model_type", "chosen"),
    [
        ("detection.f1@2px", "centroid", "narrow/centroid"),
        ("detection.f1@5px", "centroid", "wide/centroid"),
    ],
)
def test_the_highest_is_chosen_where_higher_is_better(measure, model_type, chosen, models):
    assert select_run(models, measure, "val", model_type).run.name == chosen


@pytest.mark.parametrize("measure", ["dist.avg", "dist.p50", "oks_voc.mAP"])
def test_the_choice_names_what_it_was_preferred_to(measure, models):
    choice = select_run(models, measure, "val", "centered_instance")
    values = {choice.run.name: choice.value} | {r.run.name: r.value for r in choice.runners_up}
    assert len(values) == 3
    better = max if measure == "oks_voc.mAP" else min
    assert choice.value == better(values.values())
    assert choice.interval[0] < choice.value < choice.interval[1]
    alike, worse = choice.runners_up
    assert (worse.run.name, worse.worse, worse.same_frames) == ("bad/centered_instance", True, True)
    assert alike.worse is False
    assert choice.cautions == (f"not distinguishable from the chosen run: {alike.run.name}",)


def test_choosing_by_the_test_part_is_cautioned(models):
    cautions = select_run(models, "dist.avg", "test", "centered_instance").cautions
    assert any("chosen on the test part" in caution for caution in cautions)


def test_runs_on_other_frames_do_not_rank_and_it_is_said(tmp_path):
    draw_run(tmp_path / "a", error=1.0)
    draw_run(tmp_path / "b", error=5.0, film="other.mp4")
    (tmp_path / "a" / "best.weights.h5").unlink()
    choice = select_run(tmp_path, "dist.avg", "val", "centered_instance")
    assert (choice.run.name, choice.runners_up[0].worse, choice.runners_up[0].same_frames) == ("a", None, False)
    assert choice.cautions == (
        "measured on other frames or in another way, so the values do not rank: b",
        "the folder of the chosen run holds no weights, so it cannot predict; copy the whole run folder",
    )


@pytest.mark.parametrize(
    ("measure", "part", "model_type", "error", "message"),
    [
        ("oks_voc.map", "val", "centered_instance", ConfigError, r"unknown measure 'oks_voc.map'; .*\['oks_voc.mAP',"),
        (
            "detection.f1",
            "val",
            "centroid",
            ConfigError,
            r"did you mean one of \['detection.f1@2px', 'detection.f1@5px'",
        ),
        ("vis.tp", "val", "centered_instance", ConfigError, "unknown measure 'vis.tp'"),
        ("dist.p50", "vall", "centroid", ConfigError, r"expected one of \['train', 'val', 'test'\], got 'vall'"),
        ("dist.p50", "val", "bottomup", ModelError, r"found only \['centered_instance', 'centroid'\]"),
        ("dist.p50", "val", "centroid", ModelError, r"expected dist.p50 among the figures of .* found only \['detecti"),
    ],
)
def test_what_cannot_be_chosen_by_is_refused(measure, part, model_type, error, message, models):
    with pytest.raises(error, match=message):
        select_run(models, measure, part, model_type)


def test_an_empty_part_is_refused_with_the_parts_that_are_not(tmp_path):
    draw_run(tmp_path / "a", empty=["test"])
    with pytest.raises(
        ModelError, match=r"'test' of a is empty or was not evaluated; choose by one of \['train', 'val'"
    ):
        select_run(tmp_path, "dist.avg", "test", "centered_instance")


@pytest.mark.parametrize("measure", ["oks_voc.mAP", "dist.p50", "vis.recall"])
def test_centroid_models_of_sleap_are_not_chosen_by_their_artefacts(measure, tmp_path):
    draw_sleap_run(tmp_path / "a", model_type="centroid")
    with pytest.raises(ModelError, match="of a cannot choose a model: SLEAP evaluates a centroid model on true poses"):
        select_run(tmp_path, measure, "val", "centroid")
    draw_centroid_run(tmp_path / "b")
    choice = select_run(tmp_path, "detection.f1@5px", "val", "centroid")
    assert choice.run.name == "b"
    assert choice.cautions[0].startswith("not considered: a: SLEAP evaluates")


def test_the_labs_best_model_is_chosen(shared_data):
    general = shared_data / "ants_models" / "general"
    choice = select_run(general, "oks_voc.mAP", "test", "centered_instance")
    assert choice.run.name == "filter_32-stride_32.240425_031454.centered_instance"
    assert round(choice.value, 4) == 0.7207
    assert [r.worse for r in choice.runners_up] == [True, True, True]


def test_the_choice_is_written_with_folders_beside_the_file(models):
    (draw_run(models / "left") / "run.json").unlink()
    measures = {"centroid": "detection.f1@5px", "centered_instance": "dist.avg"}
    choices = write_selection(models, models / "selected.json", measures=measures, part="val")
    written = json.loads((models / "selected.json").read_text())
    assert set(written["models"]) == set(choices) == set(measures)
    centroid = written["models"]["centroid"]
    assert (centroid["run"], centroid["measure"], centroid["value"]) == ("wide/centroid", "detection.f1@5px", 0.9)
    assert centroid["interval"] is None
    assert centroid["runners_up"][0]["run"] == "narrow/centroid"
    assert centroid["runners_up"][0]["worse_beyond_chance"] is None
    poses = written["models"]["centered_instance"]
    assert (models / poses["run"] / "best.weights.h5").is_file()
    assert [r["worse_beyond_chance"] for r in poses["runners_up"]] == [False, True]
    assert [left["name"] for left in written["skipped"]] == ["left"]
    before = (models / "selected.json").read_bytes()
    write_selection(models, models / "selected.json", measures=measures, part="val")
    assert (models / "selected.json").read_bytes() == before


def test_nothing_is_written_where_nothing_can_be_chosen(models):
    with pytest.raises(ConfigError):
        write_selection(models, models / "selected.json", measures={"centroid": "dist"}, part="val")
    assert not (models / "selected.json").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the choice of models was not found; make it with antpipe select"),
        ("", "line 1: Expecting value"),
        ("[" * 100_000, "it is nested too deep"),
        ("[]", "TypeError"),
        ("{}", "KeyError('models')"),
        ('{"models": []}', "AttributeError"),
        ('{"models": {"centroid": {}}}', "KeyError('run')"),
        ('{"models": {"centroid": {"run": 3}}}', "TypeError"),
    ],
)
def test_what_is_no_choice_of_models_is_one_sentence(tmp_path, content, message):
    path = tmp_path / "selected.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ModelError, match=r"selected.json: ") as error:
        selected_folders(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def anchored(part):
    return {"head": {"anchor_part": part}}


def test_the_centroid_network_finds_what_the_chosen_crops_are_centred_on(tmp_path):
    draw_run(tmp_path / "a" / "centered_instance", error=1.0, config=anchored("thorax"))
    draw_run(tmp_path / "b" / "centered_instance", error=5.0, config=anchored("head"))
    draw_centroid_run(tmp_path / "a" / "centroid", f1=(0.1, 0.5), config=anchored("thorax"))
    draw_centroid_run(tmp_path / "b" / "centroid", f1=(0.9, 0.9), config=anchored("head"))
    measures = {"centroid": "detection.f1@5px", "centered_instance": "dist.avg"}
    choices = write_selection(tmp_path, tmp_path / "selected.json", measures=measures, part="val")
    assert {name: choice.run.name for name, choice in choices.items()} == {
        "centroid": "a/centroid",
        "centered_instance": "a/centered_instance",
    }


def test_crops_around_what_no_network_finds_are_refused(tmp_path):
    draw_run(tmp_path / "crops", config=anchored("thorax"))
    draw_centroid_run(tmp_path / "centroids", config=anchored("head"))
    measures = {"centroid": "detection.f1@5px", "centered_instance": "dist.avg"}
    message = (
        r"crops was trained on crops around 'thorax', but no centroid network finds that, only 'head' \(centroids\)"
    )
    with pytest.raises(ModelError, match=message):
        write_selection(tmp_path, tmp_path / "selected.json", measures=measures, part="val")
