"""Text that somebody else wrote, so that neither Markdown, HTML, a job's log nor XML acts on it. Pure.

Inside a code span or a fence a renderer makes no image, link, HTML, mention or reference. What could end the
span, the fence or a table's cell is replaced, so nothing gets out of it.
"""

import re

from genaiops.arena.report.words import clip

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE_ENDS = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")


def span(text: str, width: int = 200) -> str:
    """Return `text` as one code span on one line, safe in a table's cell too; a dash where it is empty."""
    flat = " ".join(_unled(clip(text, width)).split()).replace("`", "'").replace("|", "¦")
    return f"`{flat}`" if flat else "–"


def fence(text: str, width: int) -> str:
    """Return `text` as a fenced block; led by `> `, no line is a log's command or the fence's end."""
    lines = _unled(clip(text, width)).split("\n")
    return "\n".join(["```text", *[f"> {line.replace('`', chr(39))}" for line in lines], "```"])


def xml_text(text: str, width: int = 1_000) -> str:
    """Return `text` without the characters that XML 1.0 does not allow; escaping is the writer's."""
    return _NOT_XML.sub("", _unled(clip(text, width)))


def _unled(text: str) -> str:
    """Break what a CI system takes for a command wherever it stands in a line (`##[`, `##vso[`)."""
    return _LINE_ENDS.sub("\n", re.sub("#(?=#)", "# ", text))
