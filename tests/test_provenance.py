import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import antpipe
from antpipe import provenance

PACKAGE = Path(antpipe.__file__).parent


@pytest.fixture
def copy(tmp_path):
    """A copy of the whole package that a test may change."""
    shutil.copytree(PACKAGE, tmp_path / "antpipe", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "antpipe"


def code_versions(copy, *modules):
    """The versions as a fresh process sees them in the copied package."""
    program = (
        "import sys, json; from antpipe.provenance import code_version; "
        "print(json.dumps([code_version(m) for m in sys.argv[1:]]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(copy.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, *modules],
        cwd=copy.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is no longer in {path.name}; choose another line to change"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


TRACK, PREDICT, TRAIN = "antpipe.tracking.track", "antpipe.inference.predict", "antpipe.training.run"


def test_comments_docstrings_and_formatting_do_not_count(copy):
    before = code_versions(copy, TRACK, PREDICT)
    # poses.py and geometry.py are imported only by what track.py and predict.py import.
    edit(copy / "geometry.py", '"""Every coordinate transform', '"""EVERY coordinate transform')
    edit(copy / "geometry.py", "IDENTITY = Transform()", "# what changes nothing\n\n\nIDENTITY   = (Transform(\n))")
    edit(copy / "poses.py", "    width: int\n", "    width:   int  # pixels\n")
    edit(copy / "tracking" / "scale.py", '"""What is usual in a video."""', '"""The usual."""')
    assert code_versions(copy, TRACK, PREDICT) == before


def test_code_of_an_indirect_import_counts_only_where_it_is_used(copy):
    before = code_versions(copy, TRACK, PREDICT)
    edit(copy / "tracking" / "scale.py", "LEARNING = 0.02", "LEARNING = 0.03")
    track, predict = code_versions(copy, TRACK, PREDICT)
    assert track != before[0]
    assert predict == before[1]
    edit(copy / "files.py", "indent=2", "indent=4")  # imported by nearly all, directly by neither
    assert code_versions(copy, TRACK, PREDICT)[0] != track
    assert code_versions(copy, TRACK, PREDICT)[1] != before[1]


def test_an_unrelated_module_does_not_count(copy):
    before = code_versions(copy, TRACK, PREDICT, TRAIN)
    with (copy / "report" / "colours.py").open("a") as file:
        file.write("\nNEW = 1\n")
    with (copy / "synthetic" / "gait.py").open("a") as file:
        file.write("\nNEW = 1\n")
    assert code_versions(copy, TRACK, PREDICT, TRAIN) == before


def test_members_of_a_registry_count(copy):
    modules = TRAIN, PREDICT, "antpipe.export.export", TRACK
    train, predict, export, track = code_versions(copy, *modules)
    edit(copy / "models" / "backbones" / "unet.py", "CONVS_PER_BLOCK = 2", "CONVS_PER_BLOCK = 3")
    (copy / "export" / "formats" / "new_format.py").write_text("x = 1\n")
    after = code_versions(copy, *modules)
    assert after[0] != train
    assert after[1] != predict
    assert after[2] != export
    assert after[3] == track


def test_the_closure_of_a_module_is_what_python_loads():
    closure = provenance.import_closure(TRACK)
    program = f"import sys, json, {TRACK}; print(json.dumps([m for m in sys.modules if m.split('.')[0] == 'antpipe']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    packages = {m for m in json.loads(done.stdout) if (PACKAGE.parent / m.replace(".", "/")).is_dir()}
    assert set(json.loads(done.stdout)) - packages <= closure
    assert TRACK in closure
    assert "antpipe.training.fit" not in closure


@pytest.mark.parametrize("module", ["antpipe.tracking.trakc", "", "numpy"])
def test_a_module_that_is_not_there_is_an_error(module):
    with pytest.raises(ModuleNotFoundError, match=f"antpipe has no module '{module}'"):
        provenance.code_version(module)


@pytest.mark.parametrize(
    ("epoch", "expected"), [("0", "1970-01-01"), ("1735689599", "2024-12-31"), ("1735689600", "2025-01-01")]
)
def test_the_date_can_be_fixed(monkeypatch, epoch, expected):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert provenance.today() == expected
    record = provenance.provenance("antpipe track", settings={"a": 1})
    assert record == {
        "command": "antpipe track",
        "antpipe_version": antpipe.__version__,
        "date": expected,
        "settings": {"a": 1},
    }


def test_without_it_the_date_is_today_in_utc(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    before = datetime.datetime.now(datetime.UTC).date().isoformat()
    assert before <= provenance.today() <= datetime.datetime.now(datetime.UTC).date().isoformat()


def test_versions_name_python_and_what_results_depend_on():
    found = provenance.versions()
    assert found["python"] == platform.python_version()
    assert found["antpipe"] == antpipe.__version__
    assert {"keras", "numpy", "sleap-io", "av"} <= set(found)
