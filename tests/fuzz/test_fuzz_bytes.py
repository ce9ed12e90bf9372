"""Files with damaged bytes give a result or one clear error: no traceback, no hang, no crash, nothing written."""

import pytest
from hypothesis import given
from kinds import KINDS
from mutations import damaged


@pytest.mark.parametrize("name", KINDS)
def test_a_whole_file_is_read(name, whole, child):
    assert child.check(name, whole[name]) == "read"


@pytest.mark.parametrize("name", KINDS)
def test_damaged_bytes_are_read_or_refused_in_one_sentence(name, whole, child):
    others = [content for other, content in whole.items() if other != name]
    refused = child.tally["refused"]

    @given(damaged(whole[name], others))
    def read(content):
        child.check(name, content)

    read()
    assert child.tally["refused"] > refused, "some damage must show"
