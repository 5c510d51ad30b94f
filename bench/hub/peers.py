"""The Hub beside MLflow's registry: publishing, aliases, search, and eight writers at once.

    make peers                          installs MLflow in an environment of its own, below .peers
    python -m bench.hub.peers           writes bench/results/hub_peers.json

Each is filled through its own interface with 300 artifacts of 10 versions and asked the same, in turns, three
times. MLflow keeps them in SQLite, its default and ours; over HTTP it is asked at `mlflow server` as it comes
and ours at `genaiops up`, by one client over a connection that is kept. Ours checks a key and who may
read, and appends to the audit log at each change; MLflow as it comes knows no users.
"""

import http.client
import json
import os
import platform
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from bench.hub.over_http import fill as fill_served
from bench.hub.run import KIND, LOCAL
from bench.hub.timing import milliseconds

from genaiops.hub import Governance, Hub
from genaiops.store import Store

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "hub_peers.json"
MLFLOW = ROOT / ".peers" / "mlflow" / "bin"
ARTIFACTS, VERSIONS, TURNS = 300, 10, 3
WRITERS, EACH = 8, 50
TIMES, FEW, OVER_HTTP = 200, 30, 500
OURS, THEIRS = "bench.hub.peers", "bench.hub.peers_mlflow"

Times = dict[str, dict[str, float]]


def text(number: int, edition: int) -> str:
    """Return a prompt of about sixty words, the same as MLflow is given."""
    return " ".join(f"w{(number * 31 + edition * 7 + place) % 997}" for place in range(60))


def fill(store: Store) -> dict[str, float]:
    """Publish every version; return the mean times of one, in milliseconds."""
    hub = Hub(store, [KIND], by=LOCAL)
    began, spent = time.perf_counter(), time.process_time()
    for number in range(ARTIFACTS):
        for edition in range(VERSIONS):
            labels = {"team": f"team{number % 50}"} if edition == VERSIONS - 1 else {}
            hub.publish("prompt", f"artifact-{number}", {"text": text(number, edition)}, labels=labels)
    took, used = time.perf_counter() - began, time.process_time() - spent
    Governance(store, by=LOCAL).move("prompt/artifact-7", "prod", "prompt/artifact-7:v1", read=None)
    each = 1000 / (ARTIFACTS * VERSIONS)
    return {
        "wall": round(took * each, 2),
        "processor": round(used * each, 2),
    }


def ask(store: Store) -> Times:
    """Return the times of every question."""
    hub, governance = Hub(store, [KIND], by=LOCAL), Governance(store, by=LOCAL)
    artifact, editions = "prompt/artifact-7", count(time.time_ns())
    versions = [hub.get(f"{artifact}:v{number}") for number in (1, 2)]
    live = governance.live(artifact, "prod")
    assert live is not None
    seen = [live.digest]

    def move() -> None:
        to = versions[seen[0] == versions[0].digest]
        governance.move(artifact, "prod", to.reference, read=seen[0])
        seen[0] = to.digest

    asked: dict[str, tuple[Callable[[], object], int]] = {
        "publish a version": (
            lambda: hub.publish("prompt", "artifact-7", {"text": f"{text(1, 1)} {next(editions)}"}),
            FEW,
        ),
        "resolve an alias": (lambda: hub.get(f"{artifact}:prod"), TIMES),
        "resolve an alias, up to a minute old": (lambda: hub.get(f"{artifact}:prod"), TIMES),
        "set an alias": (move, FEW),
        "find by a part of the name": (lambda: hub.artifacts(text="artifact-77"), FEW),
        "find by a label": (lambda: hub.artifacts(labels={"team": "team7"}), FEW),
        "find by words of the content": (lambda: hub.artifacts(text="w11 w12 w13"), FEW),
        "list the first hundred": (lambda: hub.artifacts(), FEW),
    }
    return {what: milliseconds(call, times) for what, (call, times) in asked.items()}


def write(store: Store, who: str) -> dict[str, Any]:
    """Publish versions of one artifact as one of several writers; return how long it took."""
    hub = Hub(store, [KIND], by=LOCAL)
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    for edition in range(EACH):
        hub.publish("prompt", "shared", {"text": f"{who} {edition}"})
    return {"seconds": round(time.perf_counter() - began, 2), "failed": []}


def side(what: str, folder: str, who: str = "") -> None:
    """Do one of the things in a process of its own, and print what was found."""
    with Store.open(Path(folder)) as store:
        if what == "fill":
            found: Any = fill(store)
        elif what == "ask":
            found = ask(store)
        elif what == "write":
            found = write(store, who)
        else:
            found = [each.number for each in Hub(store, [KIND], by=LOCAL).list("prompt", "shared")]
    print(json.dumps(found), flush=True)


def started(module: str, *arguments: str) -> subprocess.Popen[str]:
    """Start one side."""
    python = str(MLFLOW / "python") if module == THEIRS else sys.executable
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "ERROR"}
    return subprocess.Popen(
        [python, "-m", module, *arguments],
        env={**os.environ, **quiet, "PYTHONPATH": f"{ROOT}/src:{ROOT}" if module == OURS else str(ROOT)},
        cwd=tempfile.gettempdir(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def found_by(running: subprocess.Popen[str], said: str = "") -> Any:
    """Return what one side found, when it has ended."""
    out, complaints = running.communicate(said)
    if running.returncode != 0:
        raise SystemExit(complaints[-3000:])
    return json.loads(out.splitlines()[-1])


def at_once(module: str, place: str, *more: str) -> dict[str, Any]:
    """Let eight processes write at once; return how long the slowest took, what failed, what is there."""
    writers = [started(module, "write", place, *more, f"w{number}") for number in range(WRITERS)]
    for writer in writers:
        assert writer.stdout is not None
        while writer.stdout.readline().strip() != "ready":
            assert writer.poll() is None, "a writer did not start"
    found = [found_by(writer, "go\n") for writer in _told(writers)]
    failed = [each for one in found for each in one["failed"]]
    return {
        "seconds": max(one["seconds"] for one in found),
        "asked_for": WRITERS * EACH,
        "refused": len(failed),
        "there": len(found_by(started(module, "count", place))),
        "first_refusal": failed[0] if failed else "",
    }


def _told(writers: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    return writers


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(command: list[str], folder: Path, port: int, path: str) -> Iterator[dict[str, float]]:
    """Run a server until the block ends; yields how long its first answer took, and its memory."""
    began = time.perf_counter()
    running = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": f"{ROOT}/src"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not _answers(port, path):
            assert running.poll() is None, f"{command} ended"
            time.sleep(0.05)
        yield {"ready_s": round(time.perf_counter() - began, 1), "idle_mb": _memory(running.pid)}
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait()


def _answers(port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False


def _memory(group: int) -> float:
    """Return the memory of a server's processes in MB, what they share counted once."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) == group:
                held = (process / "smaps_rollup").read_text()
                total += sum(int(line.split()[1]) for line in held.splitlines() if line.startswith("Pss:"))
        except OSError:  # it ended meanwhile
            continue
    return round(total / 1024)


def over_http(port: int, path: str, key: str = "") -> dict[str, float]:
    """Return the times of asking a server for an alias."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def once() -> None:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body

    return milliseconds(once, OVER_HTTP)


def main() -> None:
    """Measure everything in turns, so that a slow minute of the machine falls on both; write the results."""
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        places = {OURS: f"{folder}/ours", THEIRS: f"sqlite:///{folder}/mlflow.db"}
        sizes = {OURS: (), THEIRS: (str(ARTIFACTS), str(VERSIONS))}
        filled = {one: found_by(started(one, "fill", places[one], *sizes[one])) for one in places}
        asked: dict[str, list[Any]] = {OURS: [], THEIRS: []}
        for _ in range(TURNS):
            for one, turns in asked.items():
                turns.append(found_by(started(one, "ask", places[one])))
        http_times, servers, writers = serve(folder)
        writers["ours"] = at_once(OURS, places[OURS])
        writers["MLflow, SQLite"] = at_once(THEIRS, places[THEIRS], str(EACH))
    theirs = asked[THEIRS]
    measured = {
        "ours": middle(asked[OURS]),
        "MLflow, models": middle([one["models"] for one in theirs]),
        "MLflow, prompts": middle([one["prompts"] for one in theirs]),
    }
    measured["ours"]["resolve an alias over HTTP"] = middle(http_times["ours"])["alias"]
    measured["MLflow, models"]["resolve an alias over HTTP"] = middle(http_times["MLflow"])["alias"]
    facts = {
        "question": "how do the Hub's times compare with those of MLflow's registry?",
        "artifacts": ARTIFACTS,
        "versions": VERSIONS,
        "turns": TURNS,
        "milliseconds": measured,
        "filling_ms_per_version": {"ours": filled[OURS], "MLflow, models": filled[THEIRS]},
        "servers": servers,
        "writers": writers,
        "machine": {
            "cores": os.cpu_count(),
            "load_before": before,
            "load_after": os.getloadavg(),
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "versions": {"mlflow": _mlflow_version()},
        },
    }
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))


def serve(folder: Path) -> tuple[dict[str, list[Times]], dict[str, Any], dict[str, Any]]:
    """Return the times over HTTP of both servers in turns, what they need, and MLflow's writers."""
    project, port, theirs = folder / "served", free_port(), free_port()
    project.mkdir()
    (project / "genaiops.yaml").write_text("project: x\n", encoding="utf-8")
    with Store.open(project / ".genaiops") as store:
        key = fill_served(store)
    ours = [sys.executable, "-m", "genaiops", "up", "--port", str(port)]
    mlflow = [str(MLFLOW / "mlflow"), "server", "--port", str(theirs), "--backend-store-uri"]
    mlflow.append(f"sqlite:///{folder}/mlflow.db")
    asked = "/api/2.0/mlflow/registered-models/alias?name=artifact-7&alias=prod"
    found: dict[str, list[Times]] = {"ours": [], "MLflow": []}
    servers: dict[str, Any] = {}
    with (
        served(ours, project, port, "/healthz") as servers["ours"],
        served(mlflow, folder, theirs, "/health") as servers["MLflow"],
    ):
        for _ in range(TURNS):
            mine = over_http(port, "/api/hub/version?ref=prompt/support/answer:prod", key)
            found["ours"].append({"alias": mine})
            found["MLflow"].append({"alias": over_http(theirs, asked)})
        writers = {"MLflow, its server": at_once(THEIRS, f"http://127.0.0.1:{theirs}", str(EACH))}
    return found, servers, writers


def middle(turns: list[Times]) -> Times:
    """Return the median over the turns."""
    return {
        what: {kind: round(statistics.median(turn[what][kind] for turn in turns), 2) for kind in times}
        for what, times in turns[0].items()
    }


def _mlflow_version() -> str:
    asked = [str(MLFLOW / "python"), "-c", "from importlib.metadata import version; print(version('mlflow'))"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        side(*sys.argv[1:])
    else:
        main()
