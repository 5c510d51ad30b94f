"""Write the measured tables into the pages that show them; with --check, fail where one is stale.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; its numbers come from bench/results/.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
PAGES = ("benchmarks.md", "decisions.md")
SYSTEMS = {
    "bm25s": "BM25 (bm25s)",
    "lexical": "words only",
    "dense": "vectors only",
    "hybrid": "hybrid",
    "hybrid_rerank": "hybrid + rerank",
}
_KINDS = ("the answer", "the question again", "another answer")
_ENDS = ("right", "wrong", "silent: answerable + not")
_PARROT = 0.1
_TIMES = {"clock": "wall", "cpu": "cpu"}
_LIGHTER = ("one case", "unguarded")
_OURS = "seen together, guess 1/4"
_SOME_POWER = 0.3
_SHOWN = frozenset(
    {
        *("retrieval", "knowledge_speed", "decisions", "sequential", "estimators", "ppi", "stats_speed"),
        *("production_form", "judge_claims", "arena_peers", "guards", "ratios"),
    }
)
_PLACE = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def measured(name: str) -> Any:
    """Return what a benchmark wrote."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: words to the left, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _sets() -> str:
    rows = [
        [f"`{name}`", *(f"{one[key]:,}" for key in ("documents", "chunks", "questions", "clusters"))]
        for name, one in measured("retrieval")["sets"].items()
    ]
    notes = [f"- `{name}`: {one['note']}" for name, one in measured("retrieval")["sets"].items()]
    return (
        table(["set", "documents", "chunks", "questions", "clusters"], rows) + "\n" + "\n".join(notes) + "\n"
    )


def _means(metric: str) -> str:
    rows: list[list[str]] = []
    for name, one in measured("retrieval")["sets"].items():
        means = {system: one["metrics"][metric]["mean"][system][0] for system in SYSTEMS}
        best = max(means.values())
        rows.append(
            [f"`{name}`", *(f"**{mean:.3f}**" if mean == best else f"{mean:.3f}" for mean in means.values())]
        )
    return table(["set", *SYSTEMS.values()], rows)


def _gains(metric: str) -> str:
    rows: list[list[str]] = []
    for name, one in measured("retrieval")["sets"].items():
        found = one["metrics"][metric]
        single = SYSTEMS[found["best_single"]]
        gains = [
            _signed(found["versus_best_single"]["hybrid"]),
            _signed(found["versus_best_single"]["hybrid_rerank"]),
            _signed(found["rerank_versus_hybrid"]),
        ]
        rows.append([f"`{name}`", single, *gains])
    head = ["set", "best single", "hybrid − single", "hybrid + rerank − single", "rerank − hybrid"]
    return table(head, rows)


def _signed(values: Sequence[float]) -> str:
    middle, low, high = (f"{value:+.3f}".replace("-", "−") for value in values)
    return f"{middle} [{low}, {high}]"


def _retrieval_time() -> str:
    rows = [
        [
            f"`{name}`",
            *(f"{one['ms'][system]['p50']:.1f} / {one['ms'][system]['p95']:.1f}" for system in SYSTEMS),
        ]
        for name, one in measured("retrieval")["sets"].items()
    ]
    return (
        table(["set (ms, p50 / p95)", *SYSTEMS.values()], rows)
        + "\n"
        + _machine(measured("retrieval")["machine"])
    )


def _knowledge_speed() -> str:
    found = measured("knowledge_speed")
    head = ["search (ms)", *next(iter(found["ms"].values()))]
    rows = [[name, *(f"{value:.1f}" for value in times.values())] for name, times in found["ms"].items()]
    said = f"{found['passages']:,} passages, {found['questions']} questions, {found['disk_mb']} MB on disk. "
    return table(head, rows) + "\n" + said + _machine(found["machine"])


def _machine(facts: dict[str, Any]) -> str:
    before = facts.get("load_before") or facts.get("load")
    after = facts.get("load_after")
    load = f"load average {before[0]:.1f} before" if before else "load not recorded"
    load += f" and {after[0]:.1f} after" if after else ""
    numpy = facts.get("numpy") or facts.get("versions", {}).get("numpy")
    return (
        f"{facts['cores']} cores, shared with other work: {load}. Python {facts['python']}, numpy {numpy}.\n"
    )


def _groups() -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in (*measured("decisions")["rows"], *measured("ratios")["rows"]):
        groups.setdefault(row["group"], []).append(row)
    del groups["power"]
    return groups


def _decisions() -> str:
    rows = [
        [
            group,
            str(len(members)),
            _spread([row["draws"] for row in members], ",.0f"),
            _spread([row["allowed"] for row in members]),
            _share(median(row["false_proven"] for row in members)),
            _share(max(row["false_proven"] for row in members)),
            str(sum(not row["holds"] for row in members)),
        ]
        for group, members in sorted(_groups().items())
    ]
    return table(
        [
            "group",
            "regimes",
            "draws each",
            "allowed",
            "median proven",
            "worst proven",
            "beyond what is allowed",
        ],
        rows,
    )


def _nulls() -> str:
    parts: list[str] = []
    for group, members in sorted(_groups().items()):
        beside = list(members[0]["naive"])
        rows = [
            [
                row["regime"] + ("" if row["holds"] else " **beyond**"),
                f"{row['draws']:,}",
                _share(row["false_proven"]),
                *([_share(row["false_refuted"])] if "false_refuted" in row else []),
                *(_share(row["naive"][rule]) for rule in beside),
            ]
            for row in members
        ]
        refuted = ["falsely refuted"] if "false_refuted" in members[0] else []
        parts.append(table([group, "draws", "falsely proven", *refuted, *beside], rows))
    return "\n".join(parts) + "\n" + _machine(measured("decisions")["machine"])


def _naive() -> str:
    found: dict[str, list[dict[str, Any]]] = {}
    for name in ("decisions", "sequential"):
        for row in measured(name)["rows"]:
            for rule in row.get("naive", ()):
                found.setdefault(rule, []).append(row)
    nulls = [row for group in _groups().values() for row in group]
    rows = [_rule("**ours**", nulls, [row["false_proven"] for row in nulls])]
    rows += [_rule(rule, rows, [row["naive"][rule] for row in rows]) for rule, rows in found.items()]
    return table(["rule", "regimes", "median", "worst", "beyond what is allowed", "worst where"], rows)


def _rule(name: str, rows: list[dict[str, Any]], shares: list[float]) -> list[str]:
    beyond = sum(share > row["allowed"] for share, row in zip(shares, rows, strict=True))
    where = rows[shares.index(max(shares))]["regime"]
    return [name, str(len(rows)), _share(median(shares)), _share(max(shares)), str(beyond), where]


def _together() -> str:
    rows = [
        [
            row["regime"],
            *(_share(row[key]) for key in ("false_proven", *(f"false_proven, {kind}" for kind in _LIGHTER))),
            _share(row["naive"]["paired t-test on rows"]),
        ]
        for row in _groups()["rare breaks within clusters"]
    ]
    return table(["falsely proven", "ours", "pseudo-case of one case", "none", "paired t-test"], rows)


def _guards() -> str:
    rows = measured("guards")["rows"]
    nulls = [row for row in rows if row["group"] == "nulls"]
    told = [row for row in rows if row["group"] != "nulls" and row["proven"]["one case"] >= _SOME_POWER]
    lines = [[guard, *_errors(nulls, guard), *_losses(told, guard)] for guard in nulls[0]["proven"]]
    head = ["weight of the pseudo-case", f"beyond, of {len(nulls)} nulls", "worst"]
    head += [f"{kind}: {size}" for kind in ("better", "not worse") for size in ("G < 50", "G ≥ 50")]
    draws = f"{nulls[0]['draws']:,} draws of each null, {told[0]['draws']:,} of each true claim. "
    return table(head, lines) + "\n" + draws + _machine(measured("guards")["machine"])


def _errors(nulls: list[dict[str, Any]], guard: str) -> list[str]:
    shares = [row["proven"][guard] for row in nulls]
    beyond = sum(share > row["allowed"] for share, row in zip(shares, nulls, strict=True))
    return [str(beyond), _share(max(shares))]


def _losses(told: list[dict[str, Any]], guard: str) -> list[str]:
    cells: list[str] = []
    for kind in ("better", "not worse"):
        for few in (True, False):
            rows = [row for row in told if row["group"].endswith(kind) and few == _is_small(row["suite"])]
            gains = [100 * (row["proven"][guard] - row["proven"]["one case"]) for row in rows]
            cells.append(f"{sum(gains) / len(gains):+.1f} (worst {min(gains):+.0f})".replace("-", "−"))
    return cells


def _is_small(suite: str) -> bool:
    return suite.startswith(("20 ", "29 ", "40 "))


def _power() -> str:
    rows = [
        [row["regime"], *(_share(row["proven"][guard]) for guard in ("none", "one case", _OURS))]
        for row in measured("guards")["rows"]
        if row["group"] != "nulls" and "ICC 0.3" in row["regime"]
        if row["regime"].endswith(("5% worse, 25% better, bound 0.05", "5% worse, 5% better, bound -0.05"))
    ]
    return table(["power", "no pseudo-case", "of one case", "ours"], rows)


def _formula() -> str:
    suites: dict[str, list[dict[str, Any]]] = {}
    for row in measured("decisions")["rows"]:
        if row["group"] == "power":
            suites.setdefault(row["regime"], []).append(row)
    rows = [
        [name, f"{members[0]['draws']:,}", *(_share(row["power"]) for row in members)]
        for name, members in suites.items()
    ]
    return table(["power where the formula says", "draws", "0.500", "0.800", "0.950"], rows)


def _sequential() -> str:
    found = measured("sequential")
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in found["rows"]:
        groups.setdefault(row["group"] if row["holds"] else "beyond", []).append(row)
    del groups["power"]
    beyond = groups.pop("beyond", [])
    rows = [[f"{name}, {len(rows)} regimes", *_looked(rows)] for name, rows in groups.items()]
    rows += [[f"**beyond:** {row['regime']}", *_looked([row])] for row in beyond]
    said = f"{found['rows'][0]['draws']:,} draws each; allowed is {found['rows'][0]['allowed']:.4f}. "
    return (
        table(["falsely proven", "one look", "five looks", "naive"], rows)
        + "\n"
        + said
        + _machine(found["machine"])
    )


def _looked(rows: list[dict[str, Any]]) -> list[str]:
    once, looked = ("false_proven_without_looks", "false_proven_ignoring_futility")
    naive = [row["naive"]["stop when significant"] for row in rows]
    return [_spread([row[once] for row in rows]), _spread([row[looked] for row in rows]), _spread(naive)]


def _sequential_power() -> str:
    rows = [
        [
            row["regime"],
            f"{row['times_planned']:g} ×",
            *(f"{row[key]:.3f}" for key in ("power_without_looks", "power")),
            f"{100 * row['saved']:.0f} %",
            f"{row['estimate_over_truth'] / row['effect']:+.2f}".replace("-", "−"),
        ]
        for row in measured("sequential")["rows"]
        if row["group"] == "power" and row["spending"] == "obrien_fleming"
    ]
    head = ["suite", "effect ÷ planned", "power, one look", "five looks", "cases saved", "bias ÷ planned"]
    return table(head, rows)


def _share(value: float) -> str:
    return f"{value:.3f}"


def _spread(values: Sequence[float], form: str = ".3f") -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def _rulers() -> str:
    rows: list[list[str]] = []
    for name, one in measured("production_form").items():
        for measure, found in one["rulers"].items():
            right = one["measures"][measure]["right_means"]
            rows.append([f"`{name}`: {right}", *(f"{share:.0%}" for share in found.values())])
    return table(["set and ruler", *_KINDS], rows)


def _forms() -> str:
    rows: list[list[str]] = []
    for name, one in measured("production_form").items():
        for measure, found in one["measures"].items():
            head = f"`{name}`: {found['right_means']}"
            if one["rulers"][measure]["the question again"] > _PARROT:
                head += " *(no ruler)*"
            rows += [_form(head, form, found) for form in found["counts"]]
    return table(["set and ruler", "form", *_ENDS, "wrong: production − it", "right: production − it"], rows)


def _form(head: str, form: str, found: dict[str, Any]) -> list[str]:
    counts = found["counts"][form]
    versus = found["differences"].get(f"production - {form}")
    gains = [_interval(versus[what]["clustered"]) if versus else "" for what in ("wrong", "correct")]
    silent = f"{counts['abstained']} + {counts['declined']}"
    return [head, form, str(counts["correct"]), str(counts["wrong"]), silent, *gains]


def _interval(found: dict[str, Any]) -> str:
    ends = f" [{found['low']:+.2f}, {found['high']:+.2f}]" if found["low"] is not None else ""
    open_ = "" if found["decidable"] else f" open: {found['g_eff']:.0f} effective clusters"
    return f"{found['estimate']:+.2f}{ends}{open_}".replace("-", "−")


def _estimators() -> str:
    rows = [
        [
            f"{row['method']}: {row['regime']}",
            *map(_share, (row["low"], row["high"], row["naive low"], row["naive high"])),
        ]
        for row in measured("estimators")["rows"]
    ]
    return table(["regime", "low wrong", "high wrong", "naive low", "naive high"], rows)


def _estimators_naive() -> str:
    named = {row["method"]: row["naive"] for row in measured("estimators")["rows"]}
    return "".join(f"- {method}: {naive}\n" for method, naive in named.items())


def _savings() -> str:
    rows = [
        [row["regime"], _share(row[key])]
        for row in measured("estimators")["rows"]
        for key in ("variance left", "width to labels alone")
        if key in row
    ]
    return table(["regime", "variance or width left"], rows)


def _ppi() -> str:
    parts: dict[str, Any] = {name.partition(" ")[0]: part for name, part in measured("ppi").items()}
    rows = [
        [
            f"{kind}, {method}",
            *map(_share, (one["coverage"], one["width to labels alone"])),
            {True: "yes", False: "no"}.get(one.get("raw ruler covers"), ""),
            _share(one["coverage of limits for these 75 tasks"]),
        ]
        for kind in ("mean", "difference")
        for method, one in parts[kind]["methods"].items()
    ]
    head = [
        "labels and ruler",
        "coverage",
        "width to labels alone",
        "raw ruler covers",
        "limits for these 75",
    ]
    return table(head, rows)


def _judge_claims() -> str:
    found = measured("judge_claims")
    ways = ("judge alone", "corrected", "labels alone")
    rows: list[list[str]] = []
    for row in found["rows"]:
        regime = f"{row['regime']} ({row['labelled']} of {row['cases']:,} labelled)"
        rows.append([regime, *(_share(row[f"proven, {way}"]) for way in ways)])
    allowed = _share(found["allowed"])
    said = f"{found['draws']:,} draws each, alpha {found['alpha']}; allowed is {allowed}."
    return f"{table(['proven', *ways], rows)}\n{said}\n"


def _stats_speed() -> str:
    found = measured("stats_speed")
    rows = [
        [name, f"{taken['wall_s'][len(taken['wall_s']) // 2]:.2f}", f"{max(taken['wall_s']):.2f}"]
        for name, taken in found["seconds"].items()
    ]
    return table(["slices (seconds)", "median", "slowest of 7"], rows) + "\n" + _machine(found["machine"])


def _arena_peers() -> str:
    found = measured("arena_peers")
    ours = found["measured"]["ours, as it comes"]
    rows = [
        [
            name,
            *(
                f"{one[f'{kind}_ms_per_answer'] / ours[f'{kind}_ms_per_answer']:.1f}"
                for kind in _TIMES.values()
            ),
            *(f"{one[f'{kind}_ms_per_answer']:.2f}" for kind in _TIMES.values()),
            *(f"{one[f'{kind}_start_s']:.1f}" for kind in _TIMES.values()),
        ]
        for name, one in found["measured"].items()
    ]
    head = ["an answer", *(f"{what}: {how}" for what in ("÷ ours", "ms", "start, s") for how in _TIMES)]
    versions = found["machine"]["versions"]
    said = ", ".join(f"{name} {versions[name]}" for name in ("inspect_ai", "promptfoo", "node"))
    small, large = (f"{size:,}" for size in found["sizes"])
    ran = f"Each command was run {found['repeats']} times at {small} and at {large} cases"
    return f"{table(head, rows)}\n{ran}. {said}. {_machine({**found['machine'], **versions})}"


def _others() -> str:
    names = sorted(path.stem for path in RESULTS.glob("*.json") if path.stem not in _SHOWN)
    lines = [
        f"- [`bench/results/{name}.json`](../bench/results/{name}.json){_question(name)}" for name in names
    ]
    return "\n".join(lines or ["None yet."]) + "\n"


def _question(name: str) -> str:
    found = measured(name)
    return f": {found['question']}" if isinstance(found, dict) and "question" in found else ""


TABLES: dict[str, Callable[[], str]] = {
    "sets": _sets,
    "recall": lambda: _means("recall@5"),
    "mrr": lambda: _means("mrr@10"),
    "recall_gains": lambda: _gains("recall@5"),
    "mrr_gains": lambda: _gains("mrr@10"),
    "retrieval_time": _retrieval_time,
    "knowledge_speed": _knowledge_speed,
    "decisions": _decisions,
    "nulls": _nulls,
    "naive": _naive,
    "together": _together,
    "guards": _guards,
    "power": _power,
    "formula": _formula,
    "rulers": _rulers,
    "forms": _forms,
    "estimators": _estimators,
    "estimators_naive": _estimators_naive,
    "savings": _savings,
    "ppi": _ppi,
    "judge_claims": _judge_claims,
    "stats_speed": _stats_speed,
    "arena_peers": _arena_peers,
    "sequential": _sequential,
    "sequential_power": _sequential_power,
    "others": _others,
}


def filled(text: str) -> str:
    """Return a page with every table written anew."""
    return _PLACE.sub(lambda found: found[1] + TABLES[found["name"]]() + found[3], text)


def main(arguments: list[str]) -> int:
    """Write, or check, the tables; return the exit status."""
    stale = 0
    for name in PAGES:
        page = ROOT / "docs" / name
        text = page.read_text(encoding="utf-8")
        if (new := filled(text)) == text:
            continue
        stale += 1
        if "--check" in arguments:
            print(f"docs/{name} is stale: run python scripts/benchmarks.py")
        else:
            page.write_text(new, encoding="utf-8")
    if "--check" in arguments:
        return int(bool(stale))
    print(f"{stale} of {len(PAGES)} pages written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
