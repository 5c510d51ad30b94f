"""What the sets of `bench.production_form.run` show together: one set has few independent clusters.

    python -m bench.production_form.pooled --shared ../shared

Production − each earlier form over all sets in the result, each set by its first ruler, clusters kept apart
by set; 90 % intervals. Results go into bench/results/production_form_pooled.json.
"""

import argparse
import json
from pathlib import Path

from bench.production_form.measures import MEASURES
from bench.production_form.run import FORMS, RESULTS
from bench.production_form.sets import load
from bench.production_form.sources import KINDS, apart, paired, told

from genaiops.stats import difference

ALPHA = 0.05
OUT = RESULTS.with_name("production_form_pooled.json")


def rows_of(name: str, entry: dict, shared: Path) -> list[dict]:
    """Return a set's rows with their cluster, their answers, and how they ended by its first ruler."""
    asked = {one.id: one for one in load(name, shared, entry["questions"], entry["skipped"]).questions}
    return [
        {
            **row,
            "case": f"{name} {row['case']}",
            "cluster": f"{name} {asked[row['case']].cluster}",
            "answers": asked[row["case"]].answers,
            "outcome": {"first": row["outcome"][MEASURES[name][0]]},
        }
        for row in entry["rows"]
    ]


def pooled(rows: list[dict]) -> dict[str, dict]:
    """Return each difference of the production form to an earlier one."""
    facts: dict[str, dict] = {}
    known = [row for row in rows if row["sources"] is not None]
    for against in FORMS[:-1]:
        found = {what: _ended(rows, against, what) for what in ("correct", "wrong")}
        found |= {f"right sources, {kind}": apart(known, kind, against) for kind in KINDS}
        found["silent without an answer"] = paired(rows, "first", against, answerable=False)
        found["silent with an answer"] = paired(rows, "first", against, answerable=True)
        facts[f"production - {against}"] = found
    return facts


def _ended(rows: list[dict], against: str, what: str) -> dict[str, object]:
    ends = {(row["form"], row["case"]): float(row["outcome"]["first"] == what) for row in rows}
    asked = {row["case"]: row["cluster"] for row in rows}
    mine, theirs = ([ends[form, case] for case in asked] for form in ("production", against))
    return told(difference(mine, theirs, list(asked.values()), ALPHA))


def main() -> None:
    """Pool what is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    kept = json.loads(options.results.read_text("utf-8"))
    rows = [row for name, entry in kept.items() for row in rows_of(name, entry, options.shared)]
    facts = {
        "sets": list(kept),
        "questions": len({row["case"] for row in rows}),
        "clusters": len({row["cluster"] for row in rows}),
        **pooled(rows),
    }
    options.out.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
