"""Does the Hub survive `kill -9`? 200 kills at random moments of publishing, moving and approving.

    python -m bench.hub.kills

After every tenth kill the store is opened and everything in it is recomputed: the digest of every version and
blob, the links of every history, one audit entry for each change, the audit chain.
"""

import json
import tempfile
import time
from pathlib import Path
from random import Random

from tests.support.hub_kills import assert_whole, kill_once
from tests.unit.hub.hub_sample import Place

from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "hub_kills.json"
KILLS, CHECKED_EACH = 200, 10


def main() -> None:
    """Kill, check, write the results; an assertion ends it where something does not hold."""
    random, orphans, began = Random(2026), 0, time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for turn in range(KILLS):
            kill_once(folder, turn, random)
            if turn % CHECKED_EACH == CHECKED_EACH - 1:
                orphans = assert_whole(folder)
                print(f"{turn + 1} kills, {orphans} blobs that no version names", flush=True)
        with Store.open(folder) as store:
            place = Place(store)
            facts = {
                "question": "what does kill -9 at a random moment of publishing, moving or approving leave?",
                "kills": KILLS,
                "versions": len(place.hub.list()),
                "moves": len(place.governance.history("app/bot:prod")),
                "broken": 0,
                "blobs_that_no_version_names": orphans,
                "seconds": round(time.perf_counter() - began),
            }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
