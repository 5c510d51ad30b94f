"""MLflow's registry, asked what `bench.hub.peers` asks ours. Run by it, in MLflow's own environment.

    python -m bench.hub.peers_mlflow fill|ask|write|count STORE

STORE is what MLflow takes as its tracking URI: `sqlite:///…`, or a server's address. Models are registered
without files and prompts with their text, which is what a version's manifest is to ours.
"""

import json
import sys
import time
from collections.abc import Callable
from itertools import count

import mlflow
from bench.hub.timing import milliseconds
from mlflow import MlflowClient, genai

TIMES, FEW = 200, 30


def text(number: int, edition: int) -> str:
    """Return a prompt of about sixty words."""
    return " ".join(f"w{(number * 31 + edition * 7 + place) % 997}" for place in range(60))


def fill(client: MlflowClient, artifacts: int, versions: int) -> dict[str, float]:
    """Register models with versions; return the mean times of a version, in milliseconds."""
    began, spent = time.perf_counter(), time.process_time()
    for number in range(artifacts):
        name = f"artifact-{number}"
        client.create_registered_model(name, tags={"team": f"team{number % 50}"})
        for edition in range(versions):
            client.create_model_version(
                name, f"s3://models/{number}/{edition}", description=text(number, edition)
            )
    each = 1000 / (artifacts * versions)
    return {
        "wall": round((time.perf_counter() - began) * each, 2),
        "processor": round((time.process_time() - spent) * each, 2),
    }


def ask(client: MlflowClient) -> dict[str, dict[str, dict[str, float]]]:
    """Return the times of every question, to its model registry and to its prompt registry."""
    name, prompt = "artifact-7", "answer"
    editions = count(time.time_ns())
    client.set_registered_model_alias(name, "prod", 2)
    first = genai.register_prompt(name=prompt, template=text(1, 1))
    genai.set_prompt_alias(prompt, "prod", first.version)
    turns = count()

    models: dict[str, tuple[Callable[[], object], int]] = {
        "publish a version": (
            lambda: client.create_model_version(name, f"s3://models/{next(editions)}"),
            FEW,
        ),
        "resolve an alias": (lambda: client.get_model_version_by_alias(name, "prod"), TIMES),
        "set an alias": (lambda: client.set_registered_model_alias(name, "prod", 1 + next(turns) % 2), FEW),
        "find by a part of the name": (
            lambda: client.search_registered_models("name LIKE '%artifact-77%'", max_results=100),
            FEW,
        ),
        "find by a label": (
            lambda: client.search_registered_models("tags.team = 'team7'", max_results=100),
            FEW,
        ),
        "list the first hundred": (lambda: client.search_registered_models(max_results=100), FEW),
    }
    uri = f"prompts:/{prompt}@prod"
    prompts: dict[str, tuple[Callable[[], object], int]] = {
        "publish a version": (
            lambda: genai.register_prompt(name=prompt, template=f"{text(1, 1)} {next(editions)}"),
            FEW,
        ),
        "resolve an alias": (lambda: genai.load_prompt(uri, cache_ttl_seconds=0), FEW),
        "resolve an alias, up to a minute old": (lambda: genai.load_prompt(uri), TIMES),
        "set an alias": (lambda: genai.set_prompt_alias(prompt, "prod", first.version), FEW),
    }
    asked = {"models": models, "prompts": prompts}
    return {
        part: {what: milliseconds(call, times) for what, (call, times) in some.items()}
        for part, some in asked.items()
    }


def write(client: MlflowClient, versions: int, who: str) -> dict[str, float | list[str]]:
    """Register versions of one model as one of several writers; return how long it took, and what failed."""
    failed: list[str] = []
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    for edition in range(versions):
        try:
            client.create_model_version("shared", f"s3://models/{who}/{edition}")
        except Exception as error:  # noqa: BLE001  whatever it is, a version was refused
            failed.append(f"{type(error).__name__}: {error}"[:200])
    return {"seconds": round(time.perf_counter() - began, 2), "failed": failed}


def main(what: str, store: str, *more: str) -> None:
    """Do one of the things, print what was found as the last line."""
    mlflow.set_tracking_uri(store)
    mlflow.set_registry_uri(store)
    client = MlflowClient()
    if what == "fill":
        client.create_registered_model("shared")
        found: object = fill(client, int(more[0]), int(more[1]))
    elif what == "ask":
        found = ask(client)
    elif what == "write":
        found = write(client, int(more[0]), more[1])
    else:
        found = sorted({one.source for one in _all(client)})
    print(json.dumps(found), flush=True)


def _all(client: MlflowClient) -> list:
    found, token = [], None
    while token != "":
        page = client.search_model_versions("name='shared'", max_results=200, page_token=token)
        found, token = [*found, *page], page.token or ""
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
