"""The plan of a run, damaged; what it is for is tested with the status."""

import pytest

from antpipe.errors import ConfigError
from antpipe.records.plan import PLAN, read_plan


@pytest.mark.parametrize("content", ["{", "[3]", "[{}]", "3", "[" * 100_000])
def test_a_plan_of_another_version_is_one_sentence(tmp_path, content):
    (tmp_path / PLAN).parent.mkdir()
    (tmp_path / PLAN).write_text(content)
    with pytest.raises(ConfigError, match=r"plan.json: expected a plan as this version of antpipe writes it, but"):
        read_plan(tmp_path)
