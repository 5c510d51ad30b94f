"""What training and estimates read: a labelled text, its source and what it stands beside."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["benign", "jailbreak", "direct", "indirect"]
Surface = Literal["input", "content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`text[start:end]` is where an attack is known to lie; `end` 0 where that is not known.

    `subset` is the category in the folder's guard set, empty for all other rows.
    """

    source: str
    kind: Kind
    surface: Surface
    text: str
    context: str = ""
    start: int = 0
    end: int = 0
    subset: str = ""
