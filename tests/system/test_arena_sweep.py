"""A sweep over a real project, from the command to the setting that is tried next."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from tests.support import small_project

ROOT = Path(__file__).resolve().parents[2]

APP = '''\
from genaiops import Answer, Context


async def answer(inputs: dict, ctx: Context) -> Answer:
    """Show the model as many examples as the project says."""
    question = f"{ctx.params.examples} examples. {inputs['question']}"
    reply = await ctx.chat([{"role": "user", "content": question}])
    return Answer(reply.text)
'''


def taught() -> str:
    """Return the script of a model that knows capitals only after two examples, one of them never."""
    rules = "".join(
        f"  - match: {{regex: '^[23] examples. {name.title()}.*country'}}\n    text: {country}\n"
        for name, country, _ in small_project.CITIES[1:]
    )
    return f"rules:\n{rules}default: I believe it is Atlantis.\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "cities"
    folder.mkdir()
    small_project.make(folder)
    config = small_project.PROJECT.replace("{top_k: 2}", "{examples: 0, tone: plain}")
    (folder / "genaiops.yaml").write_text(config, encoding="utf-8")
    (folder / "app.py").write_text(APP, encoding="utf-8")
    (folder / "model.yaml").write_text(taught(), encoding="utf-8")
    small_project.commit(folder, "Examples")
    return folder


def genaiops(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {name: str(project.parent / name) for name in ("GENAIOPS_CONFIG", "GENAIOPS_CACHE")}
    command = [sys.executable, "-m", "genaiops", "arena", "run", *arguments]
    env = {**os.environ, **own, "NO_COLOR": "1", "COLUMNS": "160"}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)


def report(project: Path, *arguments: str, status: int = 0) -> dict[str, object]:
    done = genaiops(project, "--json", *arguments)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


@pytest.mark.proves("B-SWEEP-WINNER", "B-SWEEP-REUSE", "B-SWEEP-JSON")
def test_a_parameter_that_matters_gives_a_winner_that_a_run_then_decides_on(project: Path) -> None:
    told = report(project, "--sweep", "params.examples=0,1,2")
    schema = json.loads((ROOT / "schemas" / "arena_sweep.schema.json").read_text(encoding="utf-8"))
    jsonschema_rs.validate(schema, told)
    assert told["model_calls"] == 3 * 24  # the cell that is there already is the reference
    assert told["winner"] == ["params.examples=2"]
    assert told["next"] == "genaiops arena run --set params.examples=2"
    cells = {tuple(cell["set"]): cell for cell in told["cells"]}  # type: ignore[union-attr]
    assert [cell["reference"] for cell in cells.values()] == [True, False, False]
    assert cells[("params.examples=2",)]["quality"]["value"] == pytest.approx(11 / 24)
    assert cells[("params.examples=1",)]["quality"]["change"]["estimate"] == 0
    assert told["front_by"] == ["quality", "cost", "latency"]
    run = report(project, "--set", "params.examples=2")
    assert (run["outcome"], run["model_calls"]) == ("pass", 0)


@pytest.mark.proves("B-SWEEP-REUSE", "B-SWEEP-LATENCY")
def test_nothing_is_answered_twice_and_latencies_of_two_sweeps_are_not_compared(project: Path) -> None:
    first = report(project, "--sweep", "params.examples=0,2")
    again = report(project, "--sweep", "params.examples=0,2")
    assert (first["model_calls"], again["model_calls"]) == (48, 0)
    assert again["cells"] == first["cells"]
    wider = report(project, "--sweep", "params.examples=0,1,2")
    assert wider["model_calls"] == 24
    assert wider["front_by"] == ["quality", "cost"]
    assert wider["reused"]["outputs"] == 48  # type: ignore[index]


@pytest.mark.proves("B-SWEEP-WINNER")
def test_of_two_cells_that_answer_alike_none_wins_and_the_table_says_so(project: Path) -> None:
    done = genaiops(project, "--sweep", "params.examples=2,3", "--sweep", "params.tone=plain,warm")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("no cell stands out")
    assert "as it is  (reference)" in done.stdout
    assert "params.examples=3 params.tone=warm" in " ".join(done.stdout.split())
    assert "next" not in done.stdout
    assert "80 % power" in done.stdout


@pytest.mark.proves("B-BAD-SWEEP")
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["params.exampels=0,1"], "GAO-APP-015", "did you mean 'examples'?"),
        (["params.examples=0,many"], "GAO-APP-016", "expected a number"),
        (["suites.qa.repeats=1,2"], "GAO-ARENA-268", "changes nothing"),
        (["params.examples=0,1", "--markdown", "here.md"], "GAO-ARENA-264", "--markdown"),
        (["params.examples=0,1", "--baseline", "https://example.org/"], "GAO-ARENA-267", "a commit"),
    ],
)
def test_a_sweep_that_does_not_fit_is_one_message_before_anything_is_answered(
    project: Path, arguments: list[str], code: str, told: str
) -> None:
    done = genaiops(project, "--sweep", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"{code}: ")
    assert told in done.stderr
    assert done.stderr.count("GAO-") == 1
