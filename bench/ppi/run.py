"""Do labels on 25 of 75 tasks, corrected by a cheap ruler, find the mean that people gave to all of them?

    python -m bench.ppi.run --shared FOLDER

FOLDER holds `data/judge_calibration_mtrag`: 75 tasks, three answers each (two models and the reference), each
rated 1 to 4 by three people for four qualities. The human score of an answer is the mean of its ratings,
scaled to [0, 1]. Each of 2,000 draws labels 25 whole tasks, taken at random without replacement; the ruler
scores all 225 answers. Clusters are tasks. Musts: the 95 % interval covers the mean over all 75 tasks in at
least 93 % of the draws, and is at most 1.1 times as wide as that from the labels alone.

The draws come from a finite population, and the interval does not use that: it is meant for new tasks from
the same source. So for the mean of these 75 it is wider than need be (for the labels alone by √(75/50), 22
%), and covers more often than 95 %; widths are compared like with like. Beside it stands what the limits for
exactly these 75 tasks cover: the residuals' t interval times √(50/75). Few tasks have poor answers, so the
scores are skewed, and 25 labels are too few for such limits to hold exactly.
"""

import argparse
import json
import math
import os
import platform
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genaiops import stats

RESULTS = Path(__file__).parent.parent / "results" / "ppi.json"
Array = NDArray[np.float64]
DRAWS, LABELLED, ALPHA, SEED = 2_000, 25, 0.025, 20261125
LEAST_COVERAGE, MOST_WIDTH = 0.93, 1.1


@dataclass(frozen=True)
class Answers:
    """One entry an answer: its task's number, its model, people's score and the rulers' scores."""

    tasks: NDArray[np.int64]
    models: NDArray[np.str_]
    human: Array
    rulers: dict[str, Array]


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return re.findall(r"\w+", text.lower())


def token_f1(answer: str, task: dict[str, Any]) -> float:
    """Return the F1 of the answer's words and the reference answer's (1 for the reference itself)."""
    ours, theirs = Counter(words(answer)), Counter(words(task["reference_answer"]))
    shared = sum((ours & theirs).values())
    return 2.0 * shared / (ours.total() + theirs.total()) if shared else 0.0


def grounded(answer: str, task: dict[str, Any]) -> float:
    """Return the share of the answer's distinct words that stand in the passages."""
    ours = set(words(answer))
    return len(ours & set(words(" ".join(map(str, task["context"]))))) / max(len(ours), 1)


def length(answer: str, task: dict[str, Any]) -> float:
    """Return the number of words: a ruler that knows next to nothing."""
    del task
    return float(len(words(answer)))


RULERS: dict[str, Callable[[str, dict[str, Any]], float]] = {
    "words found in the passages": grounded,
    "token F1 with the reference": token_f1,
    "length": length,
}


def load(folder: Path) -> Answers:
    """Read ratings and tasks."""
    rows = [json.loads(line) for line in (folder / "ratings.jsonl").read_text("utf-8").splitlines()]
    tasks = {
        task["task_id"]: task
        for task in map(json.loads, (folder / "tasks.jsonl").read_text("utf-8").splitlines())
    }
    human = [np.mean([np.mean(votes) for votes in row["human_scores"].values()]) for row in rows]
    return Answers(
        tasks=stats.cluster_codes([row["task_id"] for row in rows]),
        models=np.array([row["model"] for row in rows]),
        human=(np.array(human) - 1.0) / 3.0,
        rulers={
            name: np.array([ruler(row["response"], tasks[row["task_id"]]) for row in rows])
            for name, ruler in RULERS.items()
        },
    )


def between(answers: Answers, first: str, second: str) -> Answers:
    """Return one entry a task: the differences of two models' answers."""
    rows = [
        {int(task): row for row, task in enumerate(answers.tasks) if answers.models[row] == model}
        for model in (first, second)
    ]
    order = sorted(rows[0].keys() & rows[1].keys())
    one, two = ([side[task] for task in order] for side in rows)
    return Answers(
        tasks=answers.tasks[one],
        models=answers.models[one],
        human=answers.human[one] - answers.human[two],
        rulers={name: scores[one] - scores[two] for name, scores in answers.rulers.items()},
    )


def measure(answers: Answers) -> dict[str, Any]:
    """Draw, label, and count how often each interval covers the mean over all tasks."""
    rng = np.random.default_rng(SEED)
    truth = float(answers.human.mean())
    tasks = np.unique(answers.tasks)
    shrink = math.sqrt(1.0 - LABELLED / tasks.size)
    found: dict[str, list[tuple[bool, bool, float]]] = {name: [] for name in ("labels alone", *RULERS)}
    for _ in range(DRAWS):
        drawn = np.isin(answers.tasks, rng.choice(tasks, LABELLED, replace=False))
        labels = [float(score) if one else None for score, one in zip(answers.human, drawn, strict=True)]
        intervals = {
            "labels alone": stats.mean_interval(answers.human[drawn], answers.tasks[drawn], ALPHA),
            **{
                name: stats.corrected_mean(labels, scores, answers.tasks, ALPHA)
                for name, scores in answers.rulers.items()
            },
        }
        for name, one in intervals.items():
            reach = shrink * reach_of_residuals(answers, answers.rulers.get(name), drawn)
            exact = abs(one.estimate - truth) <= reach
            found[name].append((one.low <= truth <= one.high, exact, one.high - one.low))
    alone = float(np.mean([width for *_, width in found["labels alone"]]))
    rows = {name: summary(draws, alone) for name, draws in found.items()}
    for name, scores in answers.rulers.items():
        rows[name]["correlation with people"] = round(float(np.corrcoef(scores, answers.human)[0, 1]), 3)
        if name != "length":  # words are no score
            raw = stats.mean_interval(scores, answers.tasks, ALPHA)
            rows[name]["raw ruler"] = [round(value, 4) for value in (raw.estimate, raw.low, raw.high)]
            rows[name]["raw ruler covers"] = bool(raw.low <= truth <= raw.high)
        rows[name]["met"] = (
            rows[name]["coverage"] >= LEAST_COVERAGE and rows[name]["width to labels alone"] <= MOST_WIDTH
        )
    return {"human mean of all tasks": round(truth, 4), "methods": rows}


def reach_of_residuals(answers: Answers, scores: Array | None, drawn: NDArray[np.bool_]) -> float:
    """Return the half-width of the interval of what a straight line through the drawn tasks leaves over."""
    human, tasks = answers.human[drawn], answers.tasks[drawn]
    if scores is not None:
        known = scores[drawn] - scores[drawn].mean()
        sums = [np.bincount(tasks, values) for values in (human - human.mean(), known)]
        human = human - known * float((sums[0] * sums[1]).sum() / (sums[1] ** 2).sum())
    interval = stats.mean_interval(human, tasks, ALPHA)
    return (interval.high - interval.low) / 2.0


def summary(draws: list[tuple[bool, bool, float]], alone: float) -> dict[str, Any]:
    """Return coverage and mean width of one method."""
    covered, exact, widths = (np.array(column, dtype=float) for column in zip(*draws, strict=True))
    return {
        "coverage": round(float(covered.mean()), 4),
        "coverage of limits for these 75 tasks": round(float(exact.mean()), 4),
        "mean width": round(float(widths.mean()), 4),
        "width to labels alone": round(float(widths.mean()) / alone, 3),
    }


def main() -> None:
    """Measure a mean and a difference, write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True)
    folder = parser.parse_args().shared / "data" / "judge_calibration_mtrag"
    before = os.getloadavg()
    answers = load(folder)
    facts = {
        "question": "do 25 labelled tasks and a cheap ruler find what people say of all 75?",
        "draws": DRAWS,
        "labelled tasks": LABELLED,
        "tasks": int(np.unique(answers.tasks).size),
        "answers": int(answers.human.size),
        "seed": SEED,
        "must": {"coverage": LEAST_COVERAGE, "width to labels alone": MOST_WIDTH},
        "mean": measure(answers),
        "difference gpt-4o − llama-3.1-405b-instruct": measure(
            between(answers, "gpt-4o", "llama-3.1-405b-instruct")
        ),
        "machine": {
            "cores": os.cpu_count(),
            "load_before": before,
            "load_after": os.getloadavg(),
            "python": platform.python_version(),
            "numpy": version("numpy"),
        },
    }
    RESULTS.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
