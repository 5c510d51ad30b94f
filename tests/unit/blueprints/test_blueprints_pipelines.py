"""A platform's files: filled in, written once, never over what is there."""

from pathlib import Path

import pytest

from genaiops.blueprints import ci_files, write
from genaiops.core import UserError


@pytest.mark.parametrize(
    ("platform", "file"), [("github", "workflows/arena-measure.yml"), ("gitlab", "arena.gitlab-ci.yml")]
)
def test_a_platforms_files_name_the_suite_and_the_weights_and_replace_nothing(
    tmp_path: Path, platform: str, file: str
) -> None:
    files = ci_files(platform, suite="qa", weights=("minilm-l6", "smollm2-135m"))  # type: ignore[arg-type]
    write(tmp_path, files)
    text = (tmp_path / f".{platform}" / file).read_text("utf-8")
    assert 'SUITE: "qa"' in text
    assert 'WEIGHTS: "minilm-l6 smollm2-135m"' in text
    with pytest.raises(UserError, match="exists already"):
        write(tmp_path, files)


def test_both_platforms_measure_by_the_same_script() -> None:
    github, gitlab = ci_files("github"), ci_files("gitlab")
    assert github[".github/arena/measure.sh"] == gitlab[".gitlab/arena/measure.sh"]
