"""All rows of training: collected ones, then made ones that build on them."""

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from scripts.injection.pools import pools, sentences
from scripts.injection.rows import Row
from scripts.injection.sources import (
    folder_passages,
    folder_questions,
    folder_tasks,
    folder_topics,
    guard_rows,
    made_documents,
    made_pasted,
    made_prompts,
    made_short,
    package_rows,
)

COUNTS = {
    "direct": 1650,
    "jailbreak": 2500,
    "forbidden": 1600,
    "benign": 3500,
    "allowed": 2000,
    "page": 1600,
    "indirect": 4500,
    "code": 600,
    "pasted": 3200,
    "tainted": 1200,
    "short": 2500,
    "short_tainted": 1500,
}
_WISHES = frozenset({"self_instruct", "mt_bench", "writingbench", "bfcl", "s_labs", "notinject"})


def collect(shared: Path, wheels: Path, seed: int = 1) -> list[Row]:
    """Return the rows in a fixed order, each text once."""
    found = [
        *guard_rows(shared),
        *folder_questions(shared),
        *folder_tasks(shared),
        *folder_passages(shared),
        *package_rows(wheels),
    ]
    wishes = [row.text for row in found if row.source in _WISHES and _is_wish(row)]
    documents, pasted = _carriers(found), pools(found, wheels)
    alone = sentences(found, pasted)
    found += made_prompts(seed, COUNTS, folder_topics(shared))
    found += made_documents(seed + 1, COUNTS, documents, wishes)
    found += made_pasted(seed + 2, COUNTS, pasted)
    found += made_short(seed + 3, COUNTS, alone)
    return list({(row.surface, row.text, row.context): row for row in reversed(found)}.values())[::-1]


def _is_wish(row: Row) -> bool:
    return row.kind == "benign" and 15 < len(row.text) < 200 and "\n" not in row.text


def _carriers(rows: Sequence[Row]) -> list[str]:
    """Return documents to plant instructions in, alike many of each source; none of the guard set."""
    rng = random.Random(3)
    by_source: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.surface == "content" and row.kind == "benign" and row.source != "bipia":
            by_source[row.source].append(row.text[:2_500])
    return [text for texts in by_source.values() for text in rng.sample(texts, min(len(texts), 150))]
