"""What may have happened to a file before it is read: bytes lost, changed or doubled, values that nobody expects."""

import copy
import re

from hypothesis import strategies as st

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
NUMBERS = (
    *(b"-1", b"0", b"0.5", b"1e999", b"-1e999", b"NaN", b"-NaN", b".inf", b"null", b'"7"', b"[]", b"2001-13-45"),
    *(b"32768", b"4294967295", b"2147483648", b"9223372036854775808", b"9" * 30, b"9" * 5000, b"0x" + b"f" * 5000),
    b"9" * 100_000 + b"x",
)
"""What may stand in place of a number."""
PIECES = (
    *(b"\0", b"\r", b"\n", b"\t", b'"', b"'", b"\\", b",", b";", b"{", b"}", b"[", b"]", b": ", b"- ", b"# ", b"//"),
    *(b"\xff", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\\u0000", b"\\ud800", b"../../", b"~", b"nan", b"-"),
    *(b"[" * 3000, b'{"a":' * 3000, b"&a [*a]", b"!!int ''", b"!!bool x", b"!!timestamp x", b"<<: 3", b"? [a]\n"),
    b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
    b"d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n"
    b"videos: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
    b"!!python/object/apply:os.system ['touch ran']",
    *(value.to_bytes(8, "little", signed=True) for value in (-1, 1, 2**31, 2**40, 2**62, -(2**63))),
)
"""What may have been put in."""
TEXTS = (
    *("", " ", "a\0b", "a\nb", "\ud800", "\u2028", "é", "e\u0301", "x" * 300, "../../x", "/", "~", "{x}", "*", "["),
    *("0", "nan", "null", "-1", "1e999", "file.mp4", "models.centroid", "head"),
)
"""What may stand in place of a text."""


def flip_bits(draw, content, others):
    changed = bytearray(content)
    for place in draw(st.lists(st.integers(0, max(len(content) - 1, 0)), min_size=1, max_size=8)):
        if changed:
            changed[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(changed)


def cut_off(draw, content, others):
    return content[: draw(st.integers(0, len(content)))]


def delete(draw, content, others):
    start, stop = _span(draw, content)
    return content[:start] + content[stop:]


def double(draw, content, others):
    start, stop = _span(draw, content)
    return content[:stop] + content[start:stop] * draw(st.integers(1, 5)) + content[stop:]


def insert(draw, content, others):
    place = draw(st.integers(0, len(content)))
    return content[:place] + draw(st.sampled_from(PIECES) | st.binary(max_size=20)) + content[place:]


def overwrite(draw, content, others):
    place, piece = draw(st.integers(0, len(content))), draw(st.sampled_from(PIECES) | st.binary(max_size=20))
    return content[:place] + piece + content[place + len(piece) :]


def replace_number(draw, content, others):
    found = list(NUMBER.finditer(content))
    if not found:
        return content
    match = draw(st.sampled_from(found))
    return content[: match.start()] + draw(st.sampled_from(NUMBERS)) + content[match.end() :]


def mix(draw, content, others):
    """Go on with a file of another kind."""
    return content[: draw(st.integers(0, len(content)) | st.just(0))] + draw(st.sampled_from(others))


DAMAGES = (
    *(flip_bits, flip_bits, flip_bits, replace_number, replace_number),
    *(cut_off, delete, double, insert, overwrite, mix),
)


@st.composite
def damaged(draw, content, others):
    """Bytes of a file after one to four accidents; `others` are files of other kinds."""
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3, 4)))):
        content = draw(st.sampled_from(DAMAGES))(draw, content, others)
    return content


def _span(draw, content):
    start = draw(st.integers(0, len(content)))
    return start, draw(st.integers(start, min(start + 200, len(content))))


class Content(bytes):
    """The bytes of a file, which no message repeats."""

    def __repr__(self):
        return f"{len(self)} bytes"


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([-1, 0, 1, 2**15, 2**31, 2**32, 2**63, 2**64, 10**30, 10**400])
    | st.floats()
    | st.sampled_from(TEXTS)
    | st.text(max_size=8)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | st.sampled_from(TEXTS), inner, max_size=3)
    ),
    max_leaves=6,
)
"""What JSON may hold."""


@st.composite
def changed(draw, document):
    """A document of dictionaries and lists after one to three changes of a value or a key."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        document = _change(draw, document)
    return document


def _change(draw, document):
    places = list(_places(document))
    if not places:
        return draw(VALUES)
    holder, key = draw(st.sampled_from(places))
    action = draw(st.sampled_from(("value", "value", "value", "other", "remove", "add", "rename", "all")))
    if action == "value":
        holder[key] = draw(VALUES)
    elif action == "other":
        there, other = draw(st.sampled_from(places))
        holder[key] = copy.deepcopy(there[other])
    elif action == "remove":
        del holder[key]
    elif action == "all":
        return draw(VALUES)
    elif isinstance(holder, list):
        holder.insert(key, draw(VALUES))
    elif action == "add":
        holder[draw(st.text(max_size=6) | st.sampled_from(TEXTS))] = draw(VALUES)
    else:
        holder[draw(st.sampled_from(TEXTS) | st.just(key + "s"))] = holder.pop(key)
    return document


def _places(document):
    """Every place in a document, as what holds it and its key there."""
    if isinstance(document, dict | list):
        for key, value in list(document.items() if isinstance(document, dict) else enumerate(document)):
            yield document, key
            yield from _places(value)
