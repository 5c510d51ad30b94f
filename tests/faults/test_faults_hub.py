"""The Hub under kill -9: whatever the moment, the store opens, and what it holds is whole."""

from pathlib import Path
from random import Random

import pytest
from tests.support.hub_kills import assert_whole, kill_once
from tests.unit.hub.hub_sample import Place

from genaiops.store import Store

KILLS = 20


@pytest.mark.system
@pytest.mark.proves("C-HUB-KILL", "C-HUB-AUDIT")
def test_a_kill_while_publishing_moving_and_approving_leaves_everything_whole(tmp_path: Path) -> None:
    random = Random(4)
    for turn in range(KILLS):
        kill_once(tmp_path, turn, random)
    orphans = assert_whole(tmp_path)
    assert orphans <= 2 * KILLS  # a publish that was killed leaves at most its blobs
    with Store.open(tmp_path) as store:
        assert len(Place(store).governance.history("app/bot:prod")) > KILLS
