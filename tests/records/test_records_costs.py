"""What a project cost, from what Snakemake wrote about its jobs."""

import json

import pytest

from antpipe.errors import ConfigError
from antpipe.records.costs import Cost, read_costs, write_costs


def write(path, **values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"s": 1.0, "cpu_time": 2.0, "max_rss": 100.0, "h:m:s": "0:00:01", **values}) + "\n")


@pytest.fixture
def results(tmp_path):
    write(tmp_path / "benchmarks" / "predict" / "ant <1>.jsonl", s=30.0, max_rss=900.0)
    write(tmp_path / "benchmarks" / "predict" / "ant 2.jsonl", s=60.0, max_rss=800.0)
    write(tmp_path / "benchmarks" / "train" / "base" / "centroid.jsonl", s=50.0)
    write(tmp_path / "benchmarks" / "merge.jsonl", s=0.2, max_rss="NA", cpu_time="NA")
    return tmp_path


def test_jobs_of_a_rule_are_counted_together(results):
    predict, train, merge = sorted(read_costs(results), key=lambda cost: -cost.seconds)
    assert predict == Cost(rule="predict", jobs=2, seconds=90.0, longest=60.0, processor=4.0, memory=900.0)
    assert (train.rule, train.jobs) == ("train", 1)
    assert merge == Cost(rule="merge", jobs=1, seconds=0.2, longest=0.2, processor=0.0, memory=0.0)


def test_the_page_begins_with_what_cost_most(results):
    write_costs(results, results / "costs.html")
    page = (results / "costs.html").read_text()
    assert page.index("predict") < page.index("train") < page.index("merge")
    assert "<td>0.90</td>" in page


def test_a_broken_file_is_named(results):
    (results / "benchmarks" / "merge.jsonl").write_text("s\th:m:s\n")
    with pytest.raises(ConfigError, match=r"merge.jsonl: expected what Snakemake writes about a job"):
        read_costs(results)
