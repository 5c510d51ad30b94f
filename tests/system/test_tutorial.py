"""The tutorial is followed to the letter in an empty folder: its files, its commands, what they print."""

import json
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import t as student_t
from tests.support.documents import DOCS, blocks
from tests.support.following import environment_of_a_new_user, follow


@pytest.mark.system
@pytest.mark.proves("A-INIT")
def test_the_tutorial_can_be_followed_to_the_letter(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    environment = environment_of_a_new_user(tmp_path)
    follow(blocks(DOCS / "tutorial.md"), shop, environment)
    assert_recomputed_by_hand(shop)


def assert_recomputed_by_hand(project: Path) -> None:
    """The lines that the page on evidence shows give the interval that the verdict states."""
    shown = next(block for block in blocks(DOCS / "evidence.md") if block.language == "python")
    names: dict[str, Any] = {}
    exec(shown.text, names)
    bundles = list((project / ".genaiops" / "evidence").iterdir())
    assert bundles
    for bundle in bundles:
        verdict = json.loads((bundle / "verdict.json").read_text(encoding="utf-8"))
        stated = next(one["diff"] for one in verdict["comparisons"] if one["scorer"] == "answer_f1")
        mean, error = names["recompute"](bundle, "answer_f1")
        reach = student_t.ppf(1 - verdict["alpha"], stated["g_eff"] - 1) * error
        assert (stated["low"], stated["high"]) == pytest.approx((mean - reach, mean + reach), rel=1e-7)
