"""The tables of the page that says how well groundedness agrees with people."""

from scripts.measured import machine, measured, table

_LABELS = {
    "begin_wow": "dialogue over a snippet (BEGIN)",
    "fm2": "claims written to mislead (Fool Me Twice)",
    "halueval_qa": "answers to questions (HaluEval)",
    "mtrag_human_eval": "long RAG answers (MTRAG)",
}


def grounded() -> str:
    """Return each set's AUC of ours, of the best overlap and of cosine, with the paired difference."""
    found = measured("groundedness")
    rows = [
        [
            _LABELS[name],
            f"{one['answers']}, {one['groups']}",
            *(f"{one['auc'][system]:.3f}" for system in ("ours", one["best_overlap"], "cosine (MiniLM)")),
            one["best_overlap"],
            _difference(one["minus_best_overlap"]),
            f"{one['calibration']['error']:.2f}",
        ]
        for name, one in found["sets"].items()
    ]
    overall = found["overall"]
    rows += [
        [
            "mean of the sets",
            "",
            f"{overall['mean_auc']['ours']:.3f}",
            f"{overall['mean_of_best_overlaps']:.3f}",
            f"{overall['mean_auc']['cosine (MiniLM)']:.3f}",
            "the best of each",
            _difference(overall["minus_best_overlap_of_each"]),
            "",
        ],
        [
            "mean of the sets",
            "",
            f"{overall['mean_auc']['ours']:.3f}",
            f"{overall['mean_auc'][overall['one_overlap']]:.3f}",
            f"{overall['mean_auc']['cosine (MiniLM)']:.3f}",
            f"{overall['one_overlap']}, everywhere",
            _difference(overall["minus_one_overlap"]),
            "",
        ],
        [
            "all answers at once",
            "",
            *(
                f"{overall['auc'][system]:.3f}"
                for system in ("ours", overall["best_overlap"], "cosine (MiniLM)")
            ),
            overall["best_overlap"],
            _difference(overall["minus_best_overlap"]),
            f"{overall['calibration']['error']:.2f}",
        ],
    ]
    head = [
        "set",
        "answers, groups",
        "ours",
        "best overlap",
        "cosine",
        "which overlap",
        "ours − best overlap",
        "calibration error",
    ]
    spent = ", ".join(f"{_LABELS[name]} {ms:.0f}" for name, ms in found["cpu_ms_per_claim"].items())
    return f"{table(head, rows)}\nProcessor time of a claim in ms: {spent}. {machine(found['machine'])}"


def _difference(found: list[float]) -> str:
    estimate, low, high = found
    return f"{estimate:+.3f} [{low:+.3f}, {high:+.3f}]".replace("-", "−")
