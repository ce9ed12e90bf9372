import io
import json
import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from antpipe.records import table
from antpipe.records.failures import failures
from antpipe.records.heartbeat import Heartbeat
from antpipe.records.life import LOST_S
from antpipe.records.plan import PLAN, read_plan, write_plan
from antpipe.records.process import process_start
from antpipe.records.status import ALL, project_status
from antpipe.records.table import QUIET_ROWS, show_status
from antpipe.records.task import HEARTBEATS

RULES = ["merge", "preprocess", "train", "predict", "track"]
HERE = Heartbeat(
    rule="predict",
    wildcards={"video": "a"},
    log="results/logs/predict/a.log",
    state="running",
    host=os.uname().nodename,
    pid=os.getpid(),
    process_start=process_start(os.getpid()),
    started_s=1000.0,
)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_job(rule, outputs, temporary=(), **wildcards):
    rule = SimpleNamespace(name=rule)
    return SimpleNamespace(rule=rule, wildcards_dict=wildcards or None, output=outputs, temp_output=set(temporary))


def plan(*jobs):
    rules = [SimpleNamespace(name=name) for name in (*RULES, "all")]
    write_plan("results", SimpleNamespace(rules=rules, dag=SimpleNamespace(jobs=jobs)))


def plan_two_videos():
    plan(
        *(
            make_job(rule, [f"results/{rule}/{video}"], video=video)
            for video in "ba"
            for rule in ("track", "predict", "preprocess")
        ),
        make_job("train", ["results/models/base/centroid/best"], run="base", model_type="centroid"),
        make_job("merge", ["results/labels/merged"]),
        make_job("all", []),
    )


def make(*paths):
    for path in paths:
        Path("results", path).parent.mkdir(parents=True, exist_ok=True)
        Path("results", path).touch()


def put(heartbeat, name="job"):
    path = Path("results", HEARTBEATS, heartbeat.rule, f"{name}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(heartbeat)))


def states():
    return {row.name: (row.state, row.stage, row.jobs_done, row.jobs) for row in project_status("results")}


def test_before_the_first_run_there_is_nothing():
    assert project_status("results") == []


def test_the_plan_has_the_jobs_in_the_order_of_the_rules_and_no_passing_files():
    plan(
        make_job("track", ["t"], video="a"),
        make_job("predict", ["part"], temporary=["part"], video="a"),
        make_job("preprocess", ["v.mp4", "v.tmp"], temporary=["v.tmp"], video="a"),
        make_job("all", []),
    )
    assert [(job.rule, job.outputs) for job in read_plan("results")] == [("preprocess", ["v.mp4"]), ("track", ["t"])]


def test_a_run_of_a_few_files_forgets_no_other_jobs():
    plan_two_videos()
    before = len(read_plan("results"))
    plan(make_job("track", ["results/track/a"], video="a"), make_job("track", ["results/track/new"], video="new"))
    assert len(read_plan("results")) == before + 1
    assert {row.name for row in project_status("results")} == {ALL, "a", "b", "new", "base/centroid"}
    plan(make_job("track", ["results/track/new"], video="new"), make_job("all", []))
    assert [job.wildcards for job in read_plan("results")] == [{"video": "new"}], "a run of all replaces the plan"


def test_what_is_done_is_told_by_the_files():
    plan_two_videos()
    assert states() == {
        ALL: ("waiting", "merge", 0, 1),
        "b": ("waiting", "preprocess", 0, 3),
        "a": ("waiting", "preprocess", 0, 3),
        "base/centroid": ("waiting", "train", 0, 1),
    }
    make("labels/merged", "preprocess/a", "predict/a", "track/a", "preprocess/b")
    assert states() == {
        ALL: ("done", "", 1, 1),
        "b": ("waiting", "predict", 1, 3),
        "a": ("done", "", 3, 3),
        "base/centroid": ("waiting", "train", 0, 1),
    }


def test_what_runs_comes_first_and_what_failed_after_it():
    plan_two_videos()
    make("labels/merged", "preprocess/a")
    put(replace(HERE, what="predict", unit="frames", done=50, total=200, rate=10.0))
    put(replace(HERE, rule="preprocess", wildcards={"video": "b"}, state="failed", error="b.mp4: broken"), "b")
    first, second, *_ = project_status("results")
    assert (first.name, first.state, first.stage, first.heartbeat.done) == ("a", "running", "predict", 50)
    assert (second.name, second.state, second.stage, second.failure) == ("b", "failed", "preprocess", "b.mp4: broken")


def test_a_dead_job_is_a_failure():
    plan_two_videos()
    put(replace(HERE, process_start=(HERE.process_start or 0) + 1))
    if HERE.process_start is not None:
        assert states()["a"][:2] == ("failed", "predict")
        assert "killed" in next(row for row in project_status("results") if row.name == "a").failure


def test_a_failure_whose_results_are_there_by_now_is_none():
    plan_two_videos()
    make("predict/a")
    put(replace(HERE, state="failed", error="no memory"))
    assert states()["a"][0] == "waiting"


def test_a_failed_job_of_passing_files_is_shown():
    plan(make_job("track", ["results/track/a"], video="a"))
    put(replace(HERE, wildcards={"video": "a", "part": "1"}, state="failed", error="no memory"))
    assert states()["a"] == ("failed", "predict", 0, 1)


def test_jobs_of_a_workflow_without_a_plan_are_shown_too():
    put(HERE)
    assert states() == {"a": ("running", "predict", 0, 0)}


def shown(rows, width=200):
    text = io.StringIO()
    show_status(lambda: rows, watch=True, console=Console(file=text, width=width))
    return text.getvalue()


def test_the_table_tells_speed_time_left_and_why_something_failed():
    plan_two_videos()
    put(replace(HERE, what="predict", unit="frames", done=50, total=200, rate=10.0))
    put(
        replace(
            HERE, rule="preprocess", wildcards={"video": "b"}, state="failed", error="b [1].mp4: broken", log="p.log"
        ),
        "b",
    )
    text = shown(project_status("results"))
    line = next(line for line in text.splitlines() if line.startswith("a "))
    assert line.split("  ")[0] == "a"
    for part in ("predict", "50 of 200 frames", "10.0 frames/s", "0:00:15"):
        assert part in line
    assert "GPU" not in text
    assert "1 running, 1 failed, 2 waiting" in text
    assert "b, preprocess: b [1].mp4: broken\n  log: p.log" in text


def test_the_table_tells_what_gpus_do():
    plan_two_videos()
    put(replace(HERE, gpu={"percent": 87, "memory_mib": 12400, "total_mib": 81559}))
    lines = shown(project_status("results")).splitlines()
    assert lines[0].split() == ["stage", "done", "speed", "left", "GPU"]
    assert next(line for line in lines if line.startswith("a ")).endswith("87 %, 12.1 of 79.6 GiB")


def test_jobs_on_other_computers_run_as_long_as_they_give_signs_of_life():
    plan_two_videos()
    put(replace(HERE, host="node17", pid=1, process_start=0, started_s=time.time() + 3600))
    assert states()["a"][:2] == ("running", "predict")
    assert "for 0:00:00" in shown(project_status("results")), "a clock that is ahead is no negative time"
    old = time.time() - LOST_S - 10
    os.utime("results/.status/jobs/predict/job.json", (old, old))
    assert states()["a"][:2] == ("failed", "predict")
    assert "on node17" in next(row for row in project_status("results") if row.name == "a").failure


def test_of_many_quiet_videos_only_their_number_is_shown():
    plan(*(make_job("track", [f"results/{number}"], video=f"film {number}") for number in range(QUIET_ROWS + 2)))
    put(replace(HERE, wildcards={"video": "film 7"}))
    text = shown(project_status("results"))
    assert [line for line in text.splitlines() if "film" in line] == [
        line for line in text.splitlines() if "film 7" in line
    ]
    assert f"1 running, {QUIET_ROWS + 1} waiting" in text


def test_the_status_of_two_thousand_videos_takes_a_moment():
    plan(
        *(
            make_job(rule, [f"results/{rule}/{number}"], video=f"film {number}")
            for number in range(2000)
            for rule in ("preprocess", "predict", "track")
        )
    )
    make(*(f"preprocess/{number}" for number in range(2000)))
    start = time.monotonic()
    rows = project_status("results")
    assert len(rows) == 2000
    assert {(row.jobs_done, row.jobs) for row in rows} == {(1, 3)}
    assert time.monotonic() - start < 2


def test_on_a_terminal_the_table_comes_again_until_it_is_stopped(monkeypatch):
    asked = []

    def rows():
        asked.append(1)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return []

    monkeypatch.setattr(table, "REFRESH_S", 0.01)
    with pytest.raises(KeyboardInterrupt):
        show_status(rows, watch=True, console=Console(file=io.StringIO(), force_terminal=True))
    assert len(asked) == 3


def test_failures_of_a_run_are_those_since_its_plan():
    # The clock of the computer where the job ran is years behind.
    put(replace(HERE, state="failed", error="a.mp4: broken", started_s=1000.0))
    put(replace(HERE, state="failed", error="an old one", wildcards={"video": "old"}), "old")
    put(replace(HERE, wildcards={"video": "busy"}), "busy")
    assert "2 jobs failed; all that does not need them is done:" in failures("results"), "without a plan, all"
    plan_two_videos()
    now = time.time()
    for path, ago in ((PLAN, 60), (f"{HEARTBEATS}/predict/job.json", 30), (f"{HEARTBEATS}/predict/old.json", 90)):
        os.utime(Path("results", path), (now - ago, now - ago))
    assert failures("results").splitlines() == [
        "1 job failed; all that does not need it is done:",
        "  predict a: a.mp4: broken",
        "    log: results/logs/predict/a.log",
    ]
    os.utime(Path("results", PLAN))
    assert failures("results") == ""
