"""The guard's measured tables."""

from typing import Any

from scripts.measured import machine, measured, share, table


def guard_speed() -> str:
    """Return how long texts take, ordinary ones and slow ones."""
    found = measured("guard_speed")
    head = ["tokens (ms)", *next(iter(found["ms"].values()))]
    rows = [[tokens, *(f"{value:.2f}" for value in times.values())] for tokens, times in found["ms"].items()]
    slow, worst = found["slow"], found["slow"]["accepted_worst"]
    said = (
        f"{found['texts']} texts each. A stream's first characters cost {found['stream_first_ms']:.2f} ms of "
        f"CPU. Slow: {slow['texts']} texts on two surfaces, {slow['refused']} refused; the slowest that is "
        f"accepted ({worst['text']}) takes {worst['cpu']:.0f} ms of CPU, the slowest of all "
        f"{slow['worst']['cpu']:.0f}. "
    )
    return table(head, rows) + "\n" + said + machine(found["machine"])


def guard_pii() -> str:
    """Return how well and how fast personal data are found, beside Presidio."""
    found = measured("guard_pii")
    exact, overlap, cpu = found["exact"], found["overlap"], found["cpu_us"]
    sides = [side for side in exact if isinstance(exact[side], dict)]
    rows = [
        [f"`{kind}`", str(found["told"].get(kind, sum(found["told"].values())))]
        + [share(exact[side][kind]) for side in sides]
        for kind in (*found["types"], "all")
    ]
    low, high = exact["difference"]
    others = ", ".join(f"{name} {count}" for name, count in sorted(found["others_found"].items()))
    said = (
        f"Ours less *{exact['ours against']}*: 95 % interval {low:.3f} to {high:.3f} (templates drawn). "
        f"Overlapping spans instead of exact ones: {overlap['ours']['all']:.3f} and "
        f"{overlap[overlap['ours against']]['all']:.3f}. Beside these types ours found: {others}. "
        f"CPU for a text, median: ours {cpu['ours']:.0f} µs, Presidio's recognisers "
        f"{cpu['presidio, its recognisers']:.0f} ({found['times_faster']:.0f} times), its model "
        f"{cpu['presidio, its model']:.0f} more. "
    )
    head = ["F1, exact spans", "in the texts", *sides]
    return table(head, rows) + "\n" + said + machine(found["machine"])


def guard_structure() -> str:
    """Return how many tasks are done, and how many attacks reach anything, without and with structure."""
    found = measured("guard_structure")
    rows: list[list[str]] = []
    for part, styles in (("benign", found["benign"]), ("attack", found["attacks"])):
        for kind, react in styles["react"].items():
            plan = styles["plan"][kind]
            shown = [f"{part}: **all**" if kind == "all" else f"{part}: {kind}", str(react["with"]["n"])]
            rows.append([*shown, share(react["without"]["share"]), _ranged(react), _ranged(plan)])
    head = ["done, or reached", "tasks", "without", "react", "plan"]
    return table(head, rows) + "\n" + machine(found["machine"])


def _ranged(told: dict[str, Any]) -> str:
    one = told["with"]
    return f"{share(one['share'])} [{share(one['low'])}, {share(one['high'])}]"


def guard_detectors() -> str:
    """Return how well languages are told apart, and harmful requests found beside a list of keywords."""
    found = measured("guard_detectors")
    asked = found["harmful"]["groups"]
    rows = [
        [name, f"{each['grammar']['n']:,}", *(_rate(each[way]) for way in ("grammar", "keywords"))]
        for name, each in asked.items()
    ]
    gain = found["harmful"]["gain"]
    said = (
        f"On harmful ones but AdvBench the grammar's share less that of keywords: {gain['est']:+.3f}, 95 % "
        f"interval {gain['low']:+.3f} to {gain['high']:+.3f}.\n"
    )
    told = [
        [name, f"{each['right']['n']:,}", _rate(each["right"]), str(each["wrong"])]
        for name, each in found["language"].items()
        if "right" in each
    ]
    foreign = found["language"]["English prompts found as foreign"]
    times = ", ".join(f"`{name}` {value:.2f}" for name, value in found["cpu_ms_p50"].items())
    end = (
        f"Of {foreign['n']:,} harmless English prompts {_rate(foreign)} hold a line that is found as foreign "
        f"from 0.6 on. Milliseconds of CPU by tokens: {times}. "
    )
    return "\n".join(
        [
            table(["stopped from 0.5 on", "texts", "`harmful`", "keywords"], rows),
            said,
            table(["XQuAD", "texts", "told rightly", "told wrongly"], told),
            end + machine(found["machine"]),
        ]
    )


def _rate(found: dict[str, float]) -> str:
    return f"{found['rate']:.3f} ({found['low']:.2f}–{found['high']:.2f})"
