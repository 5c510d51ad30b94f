"""Does the production form answer wrongly less often, and rightly no less, on sets it was not calibrated on?

    nice -n 5 python -m bench.production_form.run --shared ../shared --set msdocs --skip 30 --cases 60

The `rag-assistant` blueprint, its three forms, its calibration files and its budget of prompt tokens as
they are; only documents and questions are exchanged. The forms answer interleaved (`answer_round`). The first
30 questions of a set were looked at while the form was made: `--skip 30` measures on those that were not.
Expected before measuring: clearly fewer wrong answers on every set; more right ones where the documents hold
the answer in one place (msdocs, mtrag), fewer where it must be put together from two (hotpotqa).
A requirement holds where the 90 % interval of the difference lies wholly on its side of 0 ("clearly fewer
wrong"); "no fewer correct" is reported as estimate and interval, and counted as kept where the estimate is
not below 0. Sources and silence (`sources.py`): expected clearly more right sources than a form that shows
what it read, and silence where there is no answer. Results go into bench/results/production_form.json, one
entry a set.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import tempfile
import time
from collections import Counter
from importlib.resources import as_file, files
from pathlib import Path

from bench.production_form.measures import MEASURES, THRESHOLDS, WordShare, outcome
from bench.production_form.rulers import trust
from bench.production_form.sets import SETS, Sample, load, markdown
from bench.production_form.sources import marks, silence, sources, told

from genaiops.app import load_project
from genaiops.arena import answer_round, open_session
from genaiops.arena.engine import Answered
from genaiops.arena.pairing import load_suite
from genaiops.arena.scorers import BUILT_IN, build_scorers, score_output
from genaiops.blueprints import commit, start
from genaiops.blueprints.starting import git
from genaiops.core import Scorer, digest_bytes, digest_json
from genaiops.stats import difference
from genaiops.work import Console

RESULTS = Path(__file__).parent.parent / "results" / "production_form.json"
FORMS = ("naive", "honest", "production")
ALPHA = 0.05
ENDS = ("correct", "wrong", "abstained", "declined")
REPLACED = ("app.py", "prompts/answer.md")  # of these each earlier form has its own
LONG_ANSWERS = frozenset({"msdocs", "mtrag"})
"""Sets whose reference answers are sentences: every form is asked for sentences there."""


def make_project(folder: Path, sample: Sample, variant: Path | None) -> dict[str, str]:
    """Make the blueprint's project over this set, one tag a form; return the digests of what is unchanged."""
    start("rag-assistant", folder)
    shutil.rmtree(folder / "data")
    (folder / "data/docs").mkdir(parents=True)
    for number, passages in enumerate(sample.documents.values()):
        (folder / f"data/docs/doc-{number:04}.md").write_text(markdown(passages), "utf-8")
    (folder / "data/qa.jsonl").write_text("".join(json.dumps(row) + "\n" for row in cases(sample)), "utf-8")
    project = folder / "genaiops.yaml"
    head = project.read_text("utf-8").split("\nsuites:")[0]
    if sample.name in LONG_ANSWERS:
        head = head.replace("answer: words", "answer: sentences")
    project.write_text(head + suite(sample.name), "utf-8")
    if variant:
        shutil.copytree(variant, folder, dirs_exist_ok=True)
    production = {name: (folder / name).read_text("utf-8") for name in REPLACED}
    for form in FORMS:
        with as_file(files("genaiops.blueprints.rag_assistant") / "history" / form) as earlier:
            if earlier.is_dir():
                shutil.copytree(earlier, folder, dirs_exist_ok=True)
                if sample.name in LONG_ANSWERS:
                    ask_for_sentences(folder)
            else:
                for name, text in production.items():
                    (folder / name).write_text(text, "utf-8")
        commit(folder, form)
        git(folder, "tag", "--force", form)
    learnt = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("calibration/*.json"))]
    return {name: digest_bytes((folder / name).read_bytes()) for name in (*REPLACED, *learnt)}


def ask_for_sentences(folder: Path) -> None:
    """Let a naive form answer as long as the production form may quote: no opening, no stop, 80 tokens."""
    prompt, app = folder / "prompts/answer.md", folder / "app.py"
    text = prompt.read_text("utf-8").replace("Answer with a few words.", "Answer in one or two sentences.")
    text = text.replace("max_tokens: 24", "max_tokens: 80").replace("  stop: ['\"']\n", "")
    prompt.write_text(text.split("# assistant")[0], "utf-8")
    app.write_text(app.read_text("utf-8").replace(""".split('"')[0]""", ""), "utf-8")


def cases(sample: Sample) -> list[dict]:
    """Return the dataset's rows."""
    return [
        {
            "id": one.id,
            "inputs": {"question": one.text},
            "expected": {"answers": one.answers, "answerable": bool(one.answers)},
            "tags": {"cluster": one.cluster},
        }
        for one in sample.questions
    ]


def suite(name: str) -> str:
    """Return the project file's suite for this set."""
    first, *more = [one for one in MEASURES[name] if one in BUILT_IN]
    scorers = "".join(f"      - {one}\n" for one in (first, *more, "latency_ms", "tokens"))
    return (
        "\nsuites:\n  qa:\n    dataset: data/qa.jsonl\n    cluster: tags.cluster\n    scorers:\n"
        f"      - wrong_answers: {{right: {first}, from: {THRESHOLDS[first]}}}\n{scorers}"
        f"    gate: {{alpha: {ALPHA}, claims: [{{scorer: wrong_answers, is: better, by: 0.05}}]}}\n"
    )


async def measure(sample: Sample, folder: Path) -> tuple[dict, list[dict]]:
    """Answer by the three forms in turn; return the facts and every answer with its marks."""
    async with open_session(folder, Console(quiet=False)) as session:
        began = time.perf_counter()
        answered = (
            await answer_round(folder, {form: (form, ()) for form in FORMS}, "qa", session.services)
        ).answered
        seconds = time.perf_counter() - began
        project = load_project(session.root, (), session.services.settings.env)
        ruler = load_suite(project, "qa").ruler
        built = build_scorers(ruler, embedder=await session.services.embedder(project))
        scorers = {one.spec.name: one for one in (*built, WordShare())}
        texts = {row["passage_id"]: row["text"] for some in sample.documents.values() for row in some}
        gold = {one.id: [texts[id] for id in one.gold] for one in sample.questions}
        rows = [
            {
                **await marked(form, one, scorers, MEASURES[sample.name]),
                "sources": marks(one.kept.output, gold[one.step.case.id]),
            }
            for form in FORMS
            for one in answered[form]
        ]
        measures = {name: scorers[name] for name in MEASURES[sample.name]}
        rulers = await trust(sample.all_questions, measures, await session.services.embedder(project))
    facts = {
        "questions": len(sample.questions),
        "unanswerable": sum(not one.answers for one in sample.questions),
        "clusters": len({one.cluster for one in sample.questions}),
        "seconds_in_all": round(seconds, 1),
        "effort": {form: effort(answered[form]) for form in FORMS},
        "rulers": rulers,
        "measures": {measure: judged(rows, measure) for measure in MEASURES[sample.name]},
        "sources": sources(rows, FORMS),
        "silence": silence(rows, MEASURES[sample.name][0], FORMS),
    }
    return facts, rows


async def marked(
    form: str, one: Answered, scorers: dict[str, Scorer], measures: tuple[str, ...]
) -> dict[str, object]:
    """Return one answer, each measure's value, and how it ended by that measure."""
    case, output = one.step.case, one.kept.output
    values: dict[str, float | None] = {}
    for name in measures:
        (score,) = await score_output([scorers[name]], case, 0, output, one.kept.trace)
        values[name] = None if score.value is None else round(score.value, 4)
    ends = {name: outcome(case, output, values[name], THRESHOLDS[name]) for name in measures}
    return {
        "form": form,
        "case": case.id,
        "cluster": case.cluster,
        "question": case.inputs["question"],
        "answers": case.expected["answers"],
        "text": output.text,
        "status": output.status,
        "support": output.signals.get("support"),
        "values": values,
        "outcome": ends,
    }


def judged(rows: list[dict], measure: str) -> dict[str, object]:
    """Return each form's counts, and production − naive form with 90 % intervals, under two clusterings."""
    ends = {
        form: {row["case"]: row["outcome"][measure] for row in rows if row["form"] == form} for form in FORMS
    }
    cluster = {row["case"]: row["cluster"] for row in rows}
    return {
        "right_means": f"{measure} >= {THRESHOLDS[measure]}",
        "counts": {form: {end: Counter(ends[form].values())[end] for end in ENDS} for form in FORMS},
        "differences": {
            f"production - {against}": {
                what: {
                    "clustered": interval(ends["production"], ends[against], what, cluster),
                    "each question its own": interval(
                        ends["production"], ends[against], what, {one: one for one in cluster}
                    ),
                }
                for what in ("wrong", "correct")
            }
            for against in ("naive", "honest")
        },
    }


def interval(
    after: dict[str, str], before: dict[str, str], what: str, cluster: dict[str, str]
) -> dict[str, object]:
    """Return the difference of two forms' shares of one ending (CV3 and t over clusters)."""
    order = sorted(cluster)
    first, second = ([float(ends[one] == what) for one in order] for ends in (after, before))
    return told(difference(first, second, [cluster[one] for one in order], ALPHA))


def effort(answered: list[Answered]) -> dict[str, float]:
    """Return prompt tokens and seconds a question, and failures."""
    outputs = [one.kept.output for one in answered]
    seconds = sorted(one.latency_ns / 1e9 for one in outputs)
    return {
        "prompt_tokens_mean": round(sum(one.usage.input_tokens for one in outputs) / len(outputs), 1),
        "prompt_tokens_most": max(one.usage.input_tokens for one in outputs),
        "seconds_p50": round(seconds[len(seconds) // 2], 2),
        "seconds_mean": round(sum(seconds) / len(seconds), 2),
        "failures": sum(one.status != "ok" for one in outputs),
    }


def conditions() -> dict[str, object]:
    """Return the machine: CPU, cores, load."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    cpu = next((line.split(":", 1)[1].strip() for line in text.splitlines() if "model name" in line), "")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def show(name: str, entry: dict) -> None:
    """Print one set as a Markdown table."""
    print(f"\n**{name}** · {entry['questions']} questions, {entry['unanswerable']} without an answer\n")
    print(
        "| right means | form | correct | wrong | abstained | declined "
        "| wrong: production − it | correct: production − it |"
    )
    print("|---|---|---:|---:|---:|---:|---|---|")
    for found in entry["measures"].values():
        for form in FORMS:
            counts = " | ".join(str(number) for number in found["counts"][form].values())
            versus = found["differences"].get(f"production - {form}")
            cells = [span(versus[what]["clustered"]) if versus else "" for what in ("wrong", "correct")]
            print(f"| {found['right_means']} | {form} | {counts} | {' | '.join(cells)} |")
    print(f"\n{json.dumps(entry['effort'])}")


def span(found: dict) -> str:
    """Return an interval as text; one over too few clusters to decide on says so."""
    ends = "" if found["low"] is None else f" [{found['low']:+.3f}, {found['high']:+.3f}]"
    open_ = "" if found["decidable"] else f" (open: {found['g_eff']} effective clusters)"
    return f"{found['estimate']:+.3f}{ends}{open_}"


def main() -> None:
    """Measure one set and keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="the folder that holds data/")
    parser.add_argument("--set", choices=list(SETS), required=True)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--skip", type=int, default=0, help="leave out the first questions of the set")
    parser.add_argument("--variant", type=Path, help="files laid over the production form: an experiment")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--answers", type=Path, help="also write every answer here (JSON Lines)")
    options = parser.parse_args()
    sample = load(options.set, options.shared, options.cases, options.skip)
    before = conditions()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "project"
        unchanged = make_project(folder, sample, options.variant)
        facts, rows = asyncio.run(measure(sample, folder))
    slim = [
        {key: row[key] for key in ("form", "case", "values", "outcome", "support", "sources")} for row in rows
    ]
    entry = {
        **facts,
        "note": sample.note,
        "skipped": options.skip,
        "documents": len(sample.documents),
        "chunks_about": sample.chunks,
        "unchanged": unchanged,
        "dataset": digest_json(cases(sample)),
        "conditions": {"before": before, "after": conditions()},
        "rows": slim,
    }
    kept = json.loads(options.results.read_text("utf-8")) if options.results.exists() else {}
    options.results.write_text(json.dumps({**kept, options.set: entry}, indent=1) + "\n", "utf-8")
    if options.answers:
        options.answers.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    show(options.set, entry)


if __name__ == "__main__":
    main()
