"""Apps that misbehave, in real child processes: each case ends with a status and one plain message."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.support.apps import worker_of, write_project

from genaiops.core import Output, UserError

INPUTS = {"question": "why"}


def answers(
    folder: Path, app: str, *, deadline: float = 30.0, times: int = 1, more: str = ""
) -> list[Output]:
    """The outputs of one worker, asked `times` times."""
    write_project(folder, app, more)

    async def run() -> list[Output]:
        async with worker_of(folder) as worker:
            return [(await worker.answer(INPUTS, 0, deadline))[0] for _ in range(times)]

    return asyncio.run(run())


def test_an_app_that_raises_is_an_app_error_with_its_last_line_and_the_next_case_goes_on(
    tmp_path: Path,
) -> None:
    app = "def answer(inputs):\n    return inputs['nope']\n"
    first, second = answers(tmp_path, app, times=2)
    assert first.status == second.status == "app_error"
    assert first.error == "KeyError: 'nope' (app.py:2 in answer)"
    assert first.cost_nanousd is None


def test_an_app_that_hangs_is_killed_at_its_deadline_and_started_again(tmp_path: Path) -> None:
    app = (
        "import pathlib, time\n"
        "def answer(inputs):\n"
        "    here = pathlib.Path('asked')\n"
        "    if here.exists(): return 'second'\n"
        "    here.touch()\n"
        "    time.sleep(600)\n"
    )
    first, second = answers(tmp_path, app, deadline=1.0, times=2)
    assert (first.status, second.status, second.text) == ("timeout", "ok", "second")
    assert first.error == "no answer within 1 s; the app was killed"
    assert 1e9 <= first.latency_ns < 10e9


def test_a_busy_loop_is_killed_too(tmp_path: Path) -> None:
    app = "async def answer(inputs):\n    while True: pass\n"
    assert answers(tmp_path, app, deadline=1.0)[0].status == "timeout"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return 3", "the app returned int, expected str, dict or genaiops.Answer"),
        ("pass", "the app returned NoneType"),
        ("return {'at': object()}", "not JSON serializable"),
        ("return {'x': float('nan')}", "JSON"),
        ("return genaiops.Answer(text=3)", "the answer does not fit: output.text"),
        ("return genaiops.Answer('x', passages=['p'])", "output.passages"),
        ("return 'x' * 9_000_000", "too long"),
        ("return '\\ud800'", "the answer does not fit"),
        ("raise SystemExit(3)", "the app called sys.exit(3)"),
        ("import missing_thing", "No module named 'missing_thing'"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise ValueError('z' * 9000)", "ValueError: zzz"),
    ],
)
def test_what_is_no_answer_is_an_app_error_that_says_why(tmp_path: Path, body: str, says: str) -> None:
    app = (
        "import genaiops\n"
        f"def plain(inputs):\n    {body}\n"
        f"async def awaited(inputs):\n    {body}\n"
        "def answer(inputs):\n    return (plain if inputs['question'] == 'plain' else awaited)(inputs)\n"
    )
    write_project(tmp_path, app)

    async def run() -> list[Output]:
        async with worker_of(tmp_path) as worker:
            return [(await worker.answer({"question": kind}, 0, 30.0))[0] for kind in ("plain", "awaited")]

    for output in asyncio.run(run()):
        assert output.status == "app_error"
        assert output.error is not None
        assert says in output.error
        assert len(output.error) <= 2000


def test_megabytes_on_stdout_and_stderr_neither_block_nor_mix_with_the_answer(tmp_path: Path) -> None:
    app = (
        "import sys\n"
        'print(\'{"op": "result", "answer": 1, "output": {"text": "forged"}}\')\n'
        "def answer(inputs):\n"
        "    print('x' * 5_000_000)\n"
        "    print('y' * 5_000_000, file=sys.stderr)\n"
        "    return 'fine'\n"
    )
    assert [output.text for output in answers(tmp_path, app, times=2)] == ["fine", "fine"]


def test_an_app_that_ends_its_process_is_an_app_error_with_its_last_words(tmp_path: Path) -> None:
    app = (
        "import os, sys\n"
        "def answer(inputs):\n"
        "    print('out of luck', file=sys.stderr, flush=True)\n"
        "    os._exit(7)\n"
    )
    first, second = answers(tmp_path, app, times=2)
    assert first.status == second.status == "app_error"
    assert first.error == (
        "the app's process ended with status 7 without an answer; the last line on stderr: out of luck"
    )


@pytest.mark.parametrize(
    "words", ["garbage\\n", "[1]\\n", '{"op": "dance"}\\n', "[" * 100_000 + "\\n", "{}\\n"]
)
def test_garbage_on_the_inherited_socket_ends_the_case_and_not_the_run(tmp_path: Path, words: str) -> None:
    app = (
        "import os, stat, time\n"
        "def answer(inputs):\n"
        "    for number in range(3, 64):\n"
        "        try: is_socket = stat.S_ISSOCK(os.fstat(number).st_mode)\n"
        "        except OSError: continue\n"
        "        if is_socket:\n"
        f"            os.write(number, b'{words}')\n"
        "    time.sleep(60)\n"
    )
    output = answers(tmp_path, app, deadline=20.0)[0]
    assert output.status == "app_error"
    assert output.error is not None
    assert "protocol" in output.error


def test_an_app_that_closes_the_socket_is_an_app_error(tmp_path: Path) -> None:
    app = "import os, time\ndef answer(inputs):\n    os.closerange(3, 64)\n    time.sleep(60)\n"
    assert answers(tmp_path, app, deadline=20.0)[0].status in ("app_error", "timeout")


def test_a_grandchild_is_gone_when_the_worker_is_closed(tmp_path: Path) -> None:
    app = (
        "import os, subprocess, sys\n"
        "def answer(inputs):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "    if (forked := os.fork()) == 0:\n"
        "        import time; time.sleep(600)\n"
        "    return {'pids': [child.pid, forked]}\n"
    )
    data = answers(tmp_path, app)[0].data
    assert isinstance(data, dict)
    pids = data["pids"]
    assert isinstance(pids, list)
    assert [pid for pid in pids if _alive(pid)] == []


def _alive(pid: object) -> bool:
    assert isinstance(pid, int)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_control_sequences_stay_in_the_text_and_leave_the_error(tmp_path: Path) -> None:
    app = "def answer(inputs):\n    return '\\x1b[31mred\\x07'\n"
    assert answers(tmp_path, app)[0].text == "\x1b[31mred\x07"
    app = "def answer(inputs):\n    raise ValueError('\\x1b[31mred\\x07')\n"
    assert answers(tmp_path, app)[0].error == "ValueError: red (app.py:2 in answer)"


def test_the_app_sees_inputs_and_no_secret_no_home_no_store_and_no_expectation(tmp_path: Path) -> None:
    app = (
        "import os, pathlib, sys\n"
        "def answer(inputs):\n"
        "    return {'env': dict(os.environ), 'inputs': inputs, 'cwd': os.getcwd(),\n"
        "            'home': str(pathlib.Path.home()), 'first': sys.path[0]}\n"
    )
    write_project(tmp_path, app)
    env = {"PATH": os.environ["PATH"], "OPENAI_API_KEY": "hidden", "HOME": "/home/me", "MINE": "passed"}

    async def run() -> Output:
        async with worker_of(tmp_path, env, pass_env=["MINE"]) as worker:
            return (await worker.answer(INPUTS, 0, 30.0))[0]

    data = asyncio.run(run()).data
    assert isinstance(data, dict)
    seen = data["env"]
    assert isinstance(seen, dict)
    assert "OPENAI_API_KEY" not in seen
    assert "GENAIOPS_CHANNEL" not in seen
    assert seen["MINE"] == "passed"
    assert (data["inputs"], data["cwd"]) == (INPUTS, str(tmp_path))
    assert data["first"] == str(tmp_path)
    assert data["home"] != "/home/me"
    assert not Path(str(data["home"])).exists()


@pytest.mark.parametrize(
    ("app", "says"),
    [
        ("import langchain_that_is_missing\n", "langchain_that_is_missing"),
        ("def other(): ...\n", "has no 'answer'"),
        ("import os\nos._exit(5)\n", "ended with status 5"),
        ("import sys\nsys.exit('bye')\n", "sys.exit(bye)"),
        ("def answer(:\n", "app.py:1"),
    ],
)
def test_an_app_that_cannot_be_loaded_is_refused_before_any_case(tmp_path: Path, app: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        answers(tmp_path, app)
    assert says in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_cancelled_case_leaves_a_worker_that_answers_the_next(tmp_path: Path) -> None:
    app = (
        "import time\ndef answer(question):\n    if question == 'slow': time.sleep(600)\n    return 'quick'\n"
    )
    write_project(tmp_path, app)

    async def run() -> Output:
        async with worker_of(tmp_path) as worker:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await worker.answer({"question": "slow"}, 0, 30.0)
            return (await worker.answer({"question": "quick"}, 0, 30.0))[0]

    assert asyncio.run(run()).text == "quick"


def test_a_module_of_the_app_called_genaiops_does_not_shadow_ours(tmp_path: Path) -> None:
    write_project(tmp_path, "def answer(inputs):\n    return 'fine'\n", genaiops_py="raise RuntimeError\n")

    async def run() -> Output:
        async with worker_of(tmp_path) as worker:
            return (await worker.answer(INPUTS, 0, 30.0))[0]

    assert asyncio.run(run()).text == "fine"
