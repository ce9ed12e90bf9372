"""What pages are made of: one HTML file each, with nothing outside of it."""

import base64
import html
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff; max-width: 75rem; margin: 2rem auto;
  padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid #0072b2; padding-bottom: .2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem; border-bottom: 1px solid #ddd; text-align: right; vertical-align: bottom; }
th { font-weight: 600; max-width: 9rem; }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; }
img { max-width: 100%; height: auto; }
figcaption { color: #555; }
"""


def document(title: str, body: Sequence[str], style: str = "") -> str:
    """Return a whole page; `title` is plain text, `body` is HTML, `style` is added to the common one."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def cell(value: Any, form: str) -> str:
    """Return a value as text; `n/a` for None and NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "n/a"
    return value if isinstance(value, str) else form.format(value)


def metric(value: Any) -> str:
    """Return a figure with four digits, a whole number with all of them."""
    return cell(value, "{:,}" if isinstance(value, int) else "{:.4g}")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of plain text; what would be markup in it is shown as it is."""
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def figure(path: str | Path, caption: str) -> str:
    """Return a PNG or JPEG file with its caption; the picture itself is in the text."""
    content = Path(path).read_bytes()
    kind = "image/jpeg" if content.startswith(b"\xff\xd8") else "image/png"
    data = base64.b64encode(content).decode()
    text = html.escape(caption)
    return f'<figure><img src="data:{kind};base64,{data}" alt="{text}"><figcaption>{text}</figcaption></figure>'
