"""The tables of studies: what each search finds, and what differs, on each shared set."""

from typing import Any

from scripts.measured import measured, share, table

_SEARCHES = ("dense", "lexical", "hybrid", "rerank")


def studies() -> str:
    """Return recall@5 by set and search, and the contrasts that were made of it."""
    found = measured("studies")
    rows: list[list[str]] = []
    for name, one in found["sets"].items():
        retrieval = one["retrieval"]
        by_search = {each["search"]: each["measures"] for each in retrieval["found"]}
        contrasts = {
            (each["variant"], each["against"]): each
            for each in retrieval["contrasts"]
            if each["measure"] == "recall@5"
        }
        rows.append(
            [
                f"`{name}`",
                f"{retrieval['questions']:,} / {retrieval['clusters']:,}",
                *(share(by_search[search]["recall@5"]) for search in _SEARCHES),
                _read(contrasts["rerank", "dense"]),
                _read(contrasts["rerank", "hybrid"]),
            ]
        )
    head = ["set", "questions / clusters", *_SEARCHES, "rerank − dense", "rerank − hybrid"]
    loads = ", ".join(f"{one['load_before'][0]:.0f}" for one in found["sets"].values())
    said = f"recall@5. {found['cores']} cores, shared with other work (load {loads}): no time is told.\n"
    return f"{table(head, rows)}\n{said}{_answers(found)}"


def _read(contrast: dict[str, Any]) -> str:
    diff = contrast["diff"]
    told = f"{diff['estimate']:+.3f} [{diff['low']:+.3f}, {diff['high']:+.3f}]".replace("-", "−")
    return f"{contrast['reading']} {told}"


def _answers(found: dict[str, Any]) -> str:
    """Return how the variants' answers ended, a table a study that asked for some."""
    parts: list[str] = []
    for name, one in found["sets"].items():
        generation = one["generation"]
        if generation is None:
            continue
        right = {
            each["variant"]: each
            for each in generation["contrasts"]
            if each["measure"] == "right" and each["against"] == "naive"
        }
        rows = [
            [
                f"`{row['variant']}`",
                *(f"{row[key]}" for key in ("right", "wrong", "silent")),
                f"{row['wrong_sufficient']['part']} of {row['wrong_sufficient']['whole']}",
                f"{row['wrong_insufficient']['part']} of {row['wrong_insufficient']['whole']}",
                _read(right[row["variant"]]) if row["variant"] in right else "",
            ]
            for row in generation["rows"]
        ]
        head = [
            "variant",
            "right",
            "wrong",
            "silent",
            "wrong, context sufficient",
            "wrong, not",
            "right − naive",
        ]
        size = f"{generation['cases']} questions in {generation['clusters']} clusters"
        parts.append(f"\n`{name}`, {size}, right: {generation['correct']}.\n\n{table(head, rows)}")
    return "".join(parts)
