"""Text that came from outside, made safe to show on a terminal or to keep on one line."""

import re

# ESC sequences (CSI, OSC up to BEL or ST, two-character ones), then C0/C1 controls but tab and newline,
# then bidirectional overrides, which can make a line read as something else
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """Return `text` without control sequences; tabs and newlines stay."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def one_line(text: str, width: int = 200) -> str:
    """Return `text` plain, on one line, cut to `width` characters."""
    flat = " ".join(plain(text).split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"
