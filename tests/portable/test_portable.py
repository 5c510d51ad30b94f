"""The committed evidence holds wherever it is checked: on other processors, on other numpys, years later.

`make test-portable` runs this with the oldest and the newest numpy that pyproject.toml allows, in the folder
that GENAIOPS_PORTABLE names; without it only this environment's numpy is asked.
"""

import json
import math
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.forging import resign

from genaiops.arena import verify_bundle
from genaiops.core import Settings, SigningKey, new_signing_key

HERE = Path(__file__).resolve().parent
SUITES = ("whole", "looks", "tails")
ENVIRONMENTS = os.environ.get("GENAIOPS_PORTABLE", "")
NUMPYS = {"here": None, "oldest": "oldest", "newest": "newest"}
KERNELS = {"Prescott": "SSE3", "Nehalem": "SSE42", "Haswell": "AVX2", "SkylakeX": "AVX512F"}
"""Kernels of OpenBLAS, each with a feature of the processor that it needs."""

FEATURES = """
import json, numpy
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
there = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
print(json.dumps({"numpy": numpy.__version__, "dispatched": there, "features": __cpu_features__}))
"""
VERIFY = """
import json, sys
from pathlib import Path
from genaiops.arena import verify_bundle
from genaiops.core import Settings
folder = Path(sys.argv[1])
settings = Settings(config_dir=folder / "config", cache_dir=folder / "cache", env={})
found = {suite: verify_bundle(folder / suite, settings=settings) for suite in sys.argv[2:]}
said = {suite: [f"{one.status}: {one.reason}" for one in result.levels] for suite, result in found.items()}
print(json.dumps(said))
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The evidence of every suite, and a configuration that trusts who made it."""
    with tarfile.open(HERE / "evidence.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    trusted = tmp_path / "config" / "keys" / "trusted"
    trusted.mkdir(parents=True)
    (trusted / "maker.pub").write_bytes((HERE / "maker.pub").read_bytes())
    return tmp_path


@pytest.fixture
def key(made: Path) -> SigningKey:
    """A key that is believed, too: whoever has it can sign what does not follow."""
    key = new_signing_key()
    (made / "config" / "keys" / "trusted" / "forger.pub").write_bytes(key.public.pem())
    return key


def levels(made: Path, suite: str) -> list[str]:
    settings = Settings(config_dir=made / "config", cache_dir=made / "cache", env={})
    return [level.status for level in verify_bundle(made / suite, settings=settings).levels]


def python(numpy: str | None, code: str, *arguments: str, **env: str) -> Any:
    """Run code with another numpy before this environment's, and return the JSON that it prints."""
    first = [str(Path(ENVIRONMENTS, numpy).resolve())] if numpy else []
    path = os.pathsep.join([*first, *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env={**os.environ, **env, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def holds_everywhere(said: dict[str, list[str]]) -> bool:
    return all(level.startswith("passed") for suite in said.values() for level in suite)


@pytest.mark.proves("B-PORT-BUNDLE")
@pytest.mark.parametrize("suite", SUITES)
def test_the_committed_evidence_verifies_at_all_three_levels(made: Path, suite: str) -> None:
    assert levels(made, suite) == ["passed"] * 3


def test_the_committed_evidence_uses_what_could_differ_between_machines(made: Path) -> None:
    verdicts = {suite: json.loads((made / suite / "verdict.json").read_text()) for suite in SUITES}
    assert verdicts["whole"]["slices"]
    assert verdicts["whole"]["flakiness"]["candidate"]["flaky_cases"]
    assert verdicts["whole"]["cost_per_correct"]["ratio"]["decidable"]
    assert len(verdicts["looks"]["sequential"]["looks"]) > 1
    (tail,) = verdicts["tails"]["comparisons"]
    assert tail["ratio_p95"]["decidable"], "a ratio of tails is resampled"


@pytest.mark.proves("B-PORT-NUMPY", "B-PORT-CPU")
@pytest.mark.parametrize("kernel", [None, *KERNELS])
@pytest.mark.parametrize("numpy", NUMPYS)
def test_it_verifies_on_other_processors_and_numpys(made: Path, numpy: str, kernel: str | None) -> None:
    folder = NUMPYS[numpy]
    if folder and not ENVIRONMENTS:
        pytest.skip("only `make test-portable` has other numpys")
    there = python(folder, FEATURES)
    env: dict[str, str] = {}
    if kernel is not None:
        if not there["features"].get(KERNELS[kernel], False):
            pytest.skip(f"this processor has no {KERNELS[kernel]}")
        env = {"OPENBLAS_CORETYPE": kernel, "NPY_DISABLE_CPU_FEATURES": " ".join(there["dispatched"])}
        assert not python(folder, FEATURES, **env)["dispatched"], "numpy uses none of what it could"
    said = python(folder, VERIFY, str(made), *SUITES, **env)
    assert holds_everywhere(said), (there["numpy"], said)


@pytest.mark.proves("B-PORT-CATCHES")
def test_one_digit_of_a_score_is_enough_to_fail(made: Path, key: SigningKey) -> None:
    lines = (made / "whole" / "scores.jsonl").read_text().splitlines()
    at = next(at for at, line in enumerate(lines) if '"value":0.666666667' in line)
    lines[at] = lines[at].replace("0.666666667", "0.666666767")
    resign(made / "whole", key, scores__jsonl=("\n".join(lines) + "\n").encode())
    assert levels(made, "whole") == ["passed", "failed", "failed"]


@pytest.mark.proves("B-PORT-CATCHES")
@pytest.mark.parametrize("suite", SUITES)
def test_a_limit_that_is_off_by_three_billionths_fails(made: Path, key: SigningKey, suite: str) -> None:
    verdict = json.loads((made / suite / "verdict.json").read_text())
    interval = verdict["comparisons"][0]["ratio_p95" if suite == "tails" else "diff"]
    interval["high"] *= 1 + 3e-9
    resign(made / suite, key, verdict__json=json.dumps(verdict).encode())
    assert levels(made, suite) == ["passed", "failed", "passed"]


ROUNDED = ((np, ("exp", "log", "sqrt")), (math, ("exp", "log", "erf", "erfc", "lgamma")))
"""What a library may round in its own way."""


def rounding(function: Callable[..., Any], off: float) -> Callable[..., Any]:
    return lambda *arguments, **named: function(*arguments, **named) * (1.0 + off)


@pytest.mark.proves("B-PORT-CATCHES")
@pytest.mark.parametrize(("off", "status"), [(4e-16, "passed"), (-4e-16, "passed"), (1e-7, "failed")])
def test_functions_that_round_otherwise_are_borne_and_ones_that_are_wrong_are_not(
    made: Path, monkeypatch: pytest.MonkeyPatch, off: float, status: str
) -> None:
    for module, names in ROUNDED:
        for name in names:
            monkeypatch.setattr(module, name, rounding(getattr(module, name), off))
    assert [levels(made, suite)[1] for suite in SUITES] == [status] * len(SUITES)
