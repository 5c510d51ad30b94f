"""One peer's score of each text, in the peer's own environment: JSON lines in, one number a line out.

.peers/securevector/bin/python bench/guard_injection/peers.py securevector < texts.jsonl > scores.txt
JAILGUARD_MODEL_DIR=… .peers/jailguard/bin/python bench/guard_injection/peers.py jailguard < …
"""

import json
import sys
from collections.abc import Callable


def securevector() -> Callable[[str], float]:
    """Return the probability that it gives to anything but harmless text."""
    from svguardian import resolve_runtime
    from svguardian.model.pure_infer import PureGuardian
    from svguardian.serve import analyze

    guardian = PureGuardian.load(resolve_runtime())

    def score(text: str) -> float:
        found = analyze(text, guardian)
        return float(found["confidence"] if found["is_threat"] else 1 - found["confidence"])

    return score


def jailguard() -> Callable[[str], float]:
    """Return its score, by whatever MiniLM lies in `JAILGUARD_MODEL_DIR`."""
    import jailguard

    return lambda text: float(jailguard.score(text))


PEERS = {"securevector": securevector, "jailguard": jailguard}


def main() -> None:
    """Score what comes in; a text that a peer cannot score gets -1, which no threshold reaches."""
    score = PEERS[sys.argv[1]]()
    for line in sys.stdin:
        try:
            print(score(json.loads(line)), flush=True)
        except ValueError:
            print(-1.0, flush=True)


if __name__ == "__main__":
    main()
