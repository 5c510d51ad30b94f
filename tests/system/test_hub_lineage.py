"""The page on lineage is followed to the letter, on a project with documents."""

import json
from pathlib import Path

import pytest
from tests.support import small_project
from tests.support.documents import DOCS, blocks
from tests.support.following import environment_of_a_new_user, follow


@pytest.mark.system
@pytest.mark.proves("C-LINEAGE-STORY", "C-BOM-VALID")
def test_the_page_on_lineage_can_be_followed_to_the_letter(tmp_path: Path) -> None:
    (tmp_path / "cities").mkdir()
    project = small_project.make(tmp_path / "cities")
    follow(blocks(DOCS / "lineage.md"), project, environment_of_a_new_user(tmp_path))
    bom = json.loads((project / "bom.cdx.json").read_text(encoding="utf-8"))
    assert bom["specVersion"] == "1.7"
    assert {"prompt/answer", "corpus/docs", "index/docs"} <= {each["name"] for each in bom["components"]}
    events = [
        json.loads(line) for line in (project / "lineage.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    assert [
        event["run"]["facets"]["test"]["tests"]
        for event in events
        if "test" in event["run"].get("facets", {})
    ]
