"""Files pushed and content pruned under kill -9: no version lacks its content, and what is left over goes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from tests.support.documents import ROOT
from tests.unit.hub.contents_sample import Shelf

from genaiops.hub import Retention
from genaiops.store import Store

KILLS = 5
PUSH = """
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from genaiops.hub import Retention
from genaiops.store import Store
from tests.unit.hub.contents_sample import Shelf

folder, turn = Path(sys.argv[1]), int(sys.argv[2])
with Store.open(folder / "store") as store:
    shelf = Shelf(store)
    for number in count(turn * 100_000):
        shelf.clock.now = datetime.now(UTC) + timedelta(days=1)  # so that nothing is spared for being young
        (folder / "f").write_text(str(number) * 100_000)
        shelf.contents.push("blob/a", [folder / "f"])
        shelf.contents.prune(Retention(keep=2, older_than=0))
        print("pushed", flush=True)
"""


@pytest.mark.system
@pytest.mark.proves("C-HUB-ORPHANS", "C-HUB-PRUNE")
def test_a_kill_at_any_moment_leaves_no_version_without_content(tmp_path: Path) -> None:
    random = Random(6)
    for turn in range(KILLS):
        running = subprocess.Popen(
            [sys.executable, "-c", PUSH, str(tmp_path), str(turn)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert running.stdout is not None
        assert running.stdout.readline() == "pushed\n"
        time.sleep(random.uniform(0.0, 0.3))  # the moment of the kill, not a wait for anything
        running.send_signal(signal.SIGKILL)
        running.communicate()
        with Store.open(tmp_path / "store") as store:
            for version in Shelf(store).hub.list():
                if not version.removed:
                    assert all(store.blobs.get(digest) for digest in version.blobs.values())
    with Store.open(tmp_path / "store") as store:
        shelf = Shelf(store)
        for digest in shelf.blobs():
            os.utime(store.blobs.path(digest), (0, 0))
        shelf.contents.prune(Retention(keep=2, older_than=0))
        left = {digest for each in shelf.hub.list() if not each.removed for digest in each.blobs.values()}
        assert shelf.blobs() == left
