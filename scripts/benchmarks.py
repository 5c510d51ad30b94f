"""Write the measured tables into the pages that show them; with --check, fail where one is stale.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; its numbers come from bench/results/.
"""

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from scripts.decision_tables import (
    decisions,
    formula,
    guards,
    naive,
    nulls,
    power,
    sequential,
    sequential_power,
    together,
)
from scripts.form_tables import pooled, silence, sources
from scripts.grounded_tables import grounded
from scripts.guard_tables import guard_detectors, guard_pii, guard_speed, guard_structure
from scripts.hub_tables import hub_peers
from scripts.injection_tables import (
    injection_before,
    injection_classes,
    injection_packages,
    injection_pasted,
    injection_peers,
    injection_sources,
    injection_speed,
)
from scripts.knowledge_tables import (
    knowledge_ingest,
    leaks,
    leaks_paths,
    retrieval_peers,
    retrieval_peers_pooled,
)
from scripts.measured import RESULTS, ROOT, interval, machine, measured, share, table
from scripts.study_tables import studies

PAGES = ("benchmarks.md", "decisions.md", "study.md", "guard-injection.md")
SYSTEMS = {
    "bm25s": "BM25 (bm25s)",
    "dense": "vectors (MiniLM)",
    "rrf": "both by RRF",
    "hybrid": "ours, no rerank",
    "hybrid_rerank": "ours",
}
_POOLED = {**SYSTEMS, "left_out": "ours, weights chosen on other sets"}
_KINDS = ("the answer", "the question again", "another answer")
_ENDS = ("right", "wrong", "silent: answerable + not")
_PARROT = 0.1
_TIMES = {"clock": "wall", "cpu": "cpu"}
_SHOWN = frozenset(
    {
        *("retrieval", "knowledge_speed", "decisions", "sequential", "estimators", "ppi", "stats_speed"),
        *("production_form", "judge_claims", "arena_peers", "hub_peers", "guards", "ratios"),
        *(
            "knowledge_documents",
            "knowledge_backends",
            "knowledge_ingest",
            "retrieval_peers",
            "leaks",
            "leaks_paths",
            "production_form_pooled",
            "studies",
        ),
        *(
            "guard_speed",
            "guard_pii",
            "guard_structure",
            "guard_detectors",
            "guard_fuzz",
            "guard_injection",
            "guard_injection_pasted",
            "groundedness",
            "studies",
        ),
    }
)
_PLACE = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _sets() -> str:
    rows = [
        [
            f"`{name}`",
            *(f"{one[key]:,}" for key in ("passages", "questions", "clusters")),
            _trust(one["trust"]),
        ]
        for name, one in measured("retrieval")["sets"].items()
    ]
    notes = [f"- `{name}`: {one['note']}" for name, one in measured("retrieval")["sets"].items()]
    head = ["set", "passages", "questions", "clusters", "trust in vectors"]
    return table(head, rows) + "\n" + "\n".join(notes) + "\n"


def _trust(found: dict[str, float]) -> str:
    return f"{found.get('', 1.0):.2f}"


def _pooled() -> str:
    found = measured("retrieval")["overall"]
    rows = [
        [
            f"{_POOLED[system]}, {which}",
            f"{one['better_single_missed']:.0f}",
            f"{one['missed']:.0f}",
            f"{one['fewer']:.1%}".replace("-", "−"),
            _signed(one["difference"]),
            f"{one['worst_set'][0]:+.3f} (`{one['worst_set'][1]}`)".replace("-", "−"),
        ]
        for which in ("all", "without Chinese and Arabic")
        for system, one in found[which].items()
    ]
    head = [
        "system, sets",
        "better single misses",
        "it misses",
        "fewer",
        "recall@5 − better single",
        "worst set",
    ]
    return table(head, rows)


def _left_out() -> str:
    found = measured("retrieval")["overall"]
    rows = [[family, *(f"{value:g}" for value in pair)] for family, pair in found["chosen"].items()]
    rows.append(["none", *(f"{value:g}" for value in found["chosen_on_all"])])
    return table(["sets left out", "words", "token similarity"], rows)


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
    head = ["set", "better single", "ours, no rerank − single", "ours − single", "rerank − without"]
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
        + machine(measured("retrieval")["machine"])
    )


def _knowledge_speed() -> str:
    found = measured("knowledge_speed")
    head = ["search (ms)", *next(iter(found["ms"].values()))]
    rows = [[name, *(f"{value:.1f}" for value in times.values())] for name, times in found["ms"].items()]
    said = f"{found['passages']:,} passages, {found['questions']} questions, {found['disk_mb']} MB on disk. "
    return table(head, rows) + "\n" + said + machine(found["machine"])


def _knowledge_backends() -> str:
    head = [
        "chunks",
        "backend",
        "publish (s)",
        "disk (MB)",
        "alone p50 / p95 (ms)",
        "8 at once p50 / p95 (ms)",
    ]
    head += ["CPU a search (ms)", "recall@10 of exact", "of the default's ten best"]
    rows: list[list[str]] = []
    said = ""
    for run in measured("knowledge_backends").values():
        rows += [_backend(f"{run['rows']:,}", name, one) for name, one in run["backends"].items()]
        said += f"{run['rows']:,} chunks: {machine(run['machine'])}"
    return table(head, rows) + "\n" + said


def _backend(chunks: str, name: str, one: dict[str, Any]) -> list[str]:
    alone, many, found = one["one_at_a_time"], one["eight_at_once"], one["recall@10_of_exact"]
    agreement = one.get("hybrid@10_of_local")
    return [
        *(chunks, name, f"{one['publish_s']:,.0f}", f"{one['disk_mb']:,}" if one["disk_mb"] else "–"),
        *(f"{each['p50']:.1f} / {each['p95']:.1f}" for each in (alone, many)),
        f"{many['cpu_ms']:.1f}",
        f"{found['mean']:.3f} ± {found['half_width']:.3f}",
        "–" if agreement is None else f"{agreement:.3f}",
    ]


def _knowledge_documents() -> str:
    found = measured("knowledge_documents")
    head = [
        "format",
        "documents a second",
        "MB a second",
        "again",
        "checked",
        "screened",
        "screened again",
        "chunks a second",
    ]
    rows = [
        [f"`{ending}`", f"{one['documents_s']:,.0f}", f"{one['mb_s']:.2f}"]
        + [
            f"{one[key]:,.0f}"
            for key in ("again_s", "checked_s", "screened_s", "screened_again_s", "chunks_s")
        ]
        for ending, one in found["formats"].items()
    ]
    return table(head, rows) + "\n" + machine(found["machine"])


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
    gains = [interval(versus[what]["clustered"]) if versus else "" for what in ("wrong", "correct")]
    silent = f"{counts['abstained']} + {counts['declined']}"
    return [head, form, str(counts["correct"]), str(counts["wrong"]), silent, *gains]


def _estimators() -> str:
    rows = [
        [
            f"{row['method']}: {row['regime']}",
            *map(share, (row["low"], row["high"], row["naive low"], row["naive high"])),
        ]
        for row in measured("estimators")["rows"]
    ]
    return table(["regime", "low wrong", "high wrong", "naive low", "naive high"], rows)


def _estimators_naive() -> str:
    named = {row["method"]: row["naive"] for row in measured("estimators")["rows"]}
    return "".join(f"- {method}: {naive}\n" for method, naive in named.items())


def _savings() -> str:
    rows = [
        [row["regime"], share(row[key])]
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
            *map(share, (one["coverage"], one["width to labels alone"])),
            {True: "yes", False: "no"}.get(one.get("raw ruler covers"), ""),
            share(one["coverage of limits for these 75 tasks"]),
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
        rows.append([regime, *(share(row[f"proven, {way}"]) for way in ways)])
    allowed = share(found["allowed"])
    said = f"{found['draws']:,} draws each, alpha {found['alpha']}; allowed is {allowed}."
    return f"{table(['proven', *ways], rows)}\n{said}\n"


def _stats_speed() -> str:
    found = measured("stats_speed")
    rows = [
        [name, f"{taken['wall_s'][len(taken['wall_s']) // 2]:.2f}", f"{max(taken['wall_s']):.2f}"]
        for name, taken in found["seconds"].items()
    ]
    return table(["slices (seconds)", "median", "slowest of 7"], rows) + "\n" + machine(found["machine"])


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
    return f"{table(head, rows)}\n{ran}. {said}. {machine({**found['machine'], **versions})}"


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
    "pooled": _pooled,
    "left_out": _left_out,
    "retrieval_time": _retrieval_time,
    "knowledge_speed": _knowledge_speed,
    "knowledge_documents": _knowledge_documents,
    "knowledge_backends": _knowledge_backends,
    "guard_speed": guard_speed,
    "guard_detectors": guard_detectors,
    "guard_pii": guard_pii,
    "guard_structure": guard_structure,
    "knowledge_ingest": knowledge_ingest,
    "retrieval_peers": retrieval_peers,
    "retrieval_peers_pooled": retrieval_peers_pooled,
    "leaks": leaks,
    "leaks_paths": leaks_paths,
    "decisions": decisions,
    "nulls": nulls,
    "naive": naive,
    "together": together,
    "guards": guards,
    "power": power,
    "formula": formula,
    "rulers": _rulers,
    "forms": _forms,
    "sources": sources,
    "forms_pooled": pooled,
    "silence": silence,
    "grounded": grounded,
    "estimators": _estimators,
    "estimators_naive": _estimators_naive,
    "savings": _savings,
    "ppi": _ppi,
    "judge_claims": _judge_claims,
    "stats_speed": _stats_speed,
    "arena_peers": _arena_peers,
    "hub_peers": hub_peers,
    "studies": studies,
    "injection_before": injection_before,
    "injection_classes": injection_classes,
    "injection_packages": injection_packages,
    "injection_pasted": injection_pasted,
    "injection_peers": injection_peers,
    "injection_sources": injection_sources,
    "injection_speed": injection_speed,
    "sequential": sequential,
    "sequential_power": sequential_power,
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
            print(f"docs/{name} is stale: run python -m scripts.benchmarks")
        else:
            page.write_text(new, encoding="utf-8")
    if "--check" in arguments:
        return int(bool(stale))
    print(f"{stale} of {len(PAGES)} pages written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
