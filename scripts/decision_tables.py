"""The tables about decisions: how often claims are wrong, and what looks save."""

from statistics import median
from typing import Any

from scripts.measured import machine, measured, share, spread, table

_LIGHTER = ("one case", "unguarded")
_OURS = "seen together, guess 1/4"
_SOME_POWER = 0.3


def _groups() -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in (*measured("decisions")["rows"], *measured("ratios")["rows"]):
        groups.setdefault(row["group"], []).append(row)
    del groups["power"]
    return groups


def decisions() -> str:
    rows = [
        [
            group,
            str(len(members)),
            spread([row["draws"] for row in members], ",.0f"),
            spread([row["allowed"] for row in members]),
            share(median(row["false_proven"] for row in members)),
            share(max(row["false_proven"] for row in members)),
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


def nulls() -> str:
    parts: list[str] = []
    for group, members in sorted(_groups().items()):
        beside = list(members[0]["naive"])
        rows = [
            [
                row["regime"] + ("" if row["holds"] else " **beyond**"),
                f"{row['draws']:,}",
                share(row["false_proven"]),
                *([share(row["false_refuted"])] if "false_refuted" in row else []),
                *(share(row["naive"][rule]) for rule in beside),
            ]
            for row in members
        ]
        refuted = ["falsely refuted"] if "false_refuted" in members[0] else []
        parts.append(table([group, "draws", "falsely proven", *refuted, *beside], rows))
    return "\n".join(parts) + "\n" + machine(measured("decisions")["machine"])


def naive() -> str:
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
    return [name, str(len(rows)), share(median(shares)), share(max(shares)), str(beyond), where]


def together() -> str:
    rows = [
        [
            row["regime"],
            *(share(row[key]) for key in ("false_proven", *(f"false_proven, {kind}" for kind in _LIGHTER))),
            share(row["naive"]["paired t-test on rows"]),
        ]
        for row in _groups()["rare breaks within clusters"]
    ]
    return table(["falsely proven", "ours", "pseudo-case of one case", "none", "paired t-test"], rows)


def guards() -> str:
    rows = measured("guards")["rows"]
    nulls = [row for row in rows if row["group"] == "nulls"]
    told = [row for row in rows if row["group"] != "nulls" and row["proven"]["one case"] >= _SOME_POWER]
    lines = [[guard, *_errors(nulls, guard), *_losses(told, guard)] for guard in nulls[0]["proven"]]
    head = ["weight of the pseudo-case", f"beyond, of {len(nulls)} nulls", "worst"]
    head += [f"{kind}: {size}" for kind in ("better", "not worse") for size in ("G < 50", "G ≥ 50")]
    draws = f"{nulls[0]['draws']:,} draws of each null, {told[0]['draws']:,} of each true claim. "
    return table(head, lines) + "\n" + draws + machine(measured("guards")["machine"])


def _errors(nulls: list[dict[str, Any]], guard: str) -> list[str]:
    shares = [row["proven"][guard] for row in nulls]
    beyond = sum(share > row["allowed"] for share, row in zip(shares, nulls, strict=True))
    return [str(beyond), share(max(shares))]


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


def power() -> str:
    rows = [
        [row["regime"], *(share(row["proven"][guard]) for guard in ("none", "one case", _OURS))]
        for row in measured("guards")["rows"]
        if row["group"] != "nulls" and "ICC 0.3" in row["regime"]
        if row["regime"].endswith(("5% worse, 25% better, bound 0.05", "5% worse, 5% better, bound -0.05"))
    ]
    return table(["power", "no pseudo-case", "of one case", "ours"], rows)


def formula() -> str:
    suites: dict[str, list[dict[str, Any]]] = {}
    for row in measured("decisions")["rows"]:
        if row["group"] == "power":
            suites.setdefault(row["regime"], []).append(row)
    rows = [
        [name, f"{members[0]['draws']:,}", *(share(row["power"]) for row in members)]
        for name, members in suites.items()
    ]
    return table(["power where the formula says", "draws", "0.500", "0.800", "0.950"], rows)


def sequential() -> str:
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
        + machine(found["machine"])
    )


def _looked(rows: list[dict[str, Any]]) -> list[str]:
    once, looked = ("false_proven_without_looks", "false_proven_ignoring_futility")
    naive = [row["naive"]["stop when significant"] for row in rows]
    return [spread([row[once] for row in rows]), spread([row[looked] for row in rows]), spread(naive)]


def sequential_power() -> str:
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
