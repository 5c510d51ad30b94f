"""Passwords: which are accepted, and how one is kept. Pure functions; the salt comes in from outside.

Kept as Argon2id (RFC 9106) in the usual text form `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. The rules are those
of NIST SP 800-63B: length and a list of what is guessed first, no rules about kinds of characters.
"""

import unicodedata
from dataclasses import dataclass

from cryptography.exceptions import InvalidKey, UnsupportedAlgorithm
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from genaiops.access import faults

SHORTEST, LONGEST = 12, 256
_LONGEST_UNIT = 4
_MOST_READ = 4 * LONGEST  # what is longer is refused anyway, and costs no work
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "0123456789" * 3)
_GUESSED_FIRST = frozenset(
    {
        *("password1234", "password12345", "password123456", "passwordpassword", "mypassword123"),
        *("administrator", "administrator1", "adminadminadmin", "administrator123", "welcomewelcome"),
        *("letmeinletmein", "iloveyou1234", "iloveyouforever", "changemechangeme", "changeme1234"),
        *("1q2w3e4r5t6y", "1qaz2wsx3edc", "qazwsxedcrfv", "q1w2e3r4t5y6", "zaq12wsxcde3"),
        *("qwerty123456", "qwertyqwerty", "qwerty12345678", "asdfasdfasdf", "zxcvbnmzxcvbnm"),
        *("correcthorsebatterystaple", "correct horse battery staple", "trustno1trustno1"),
        *("unitedstates", "manchesterunited", "liverpoolfc123", "princess1234", "sunshine1234"),
    }
)


@dataclass(frozen=True, slots=True)
class HashCost:
    """What a hash costs: memory in KiB, passes over it, lanes. The default is RFC 9106's second choice."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4

    @property
    def prefix(self) -> str:
        """How a hash of this cost begins."""
        return f"$argon2id$v=19$m={self.memory_kib},t={self.passes},p={self.lanes}$"


def check_password(password: str, name: str) -> None:
    """Raise `UserError` where a password is too short, too long, or among the first to be guessed."""
    text = _normal(password)
    low = text.casefold()
    if not SHORTEST <= len(text) <= LONGEST:
        raise faults.bad_password(f"it has {len(text)} characters; {SHORTEST} to {LONGEST} are accepted")
    if low in _GUESSED_FIRST or any(low in row or low in row[::-1] for row in _ROWS):
        raise faults.bad_password("it is among those that are guessed first")
    if _repeats(low):
        raise faults.bad_password("it repeats a few characters")
    if any(word in low for word in (name.casefold(), "genaiops") if len(word) > 2):
        raise faults.bad_password("it contains the name of the account or of this program")


def hash_password(password: str, salt: bytes, cost: HashCost) -> str:
    """Return how a password is kept. `salt`: 16 random bytes."""
    try:
        kdf = Argon2id(
            salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
        )
        return kdf.derive_phc_encoded(_normal(password).encode(errors="surrogatepass"))
    except UnsupportedAlgorithm as error:
        raise faults.no_argon2() from error


def is_password(password: str, kept: str) -> bool:
    """Say whether `kept` was made of this password; compared in constant time."""
    try:
        Argon2id.verify_phc_encoded(_normal(password).encode(errors="surrogatepass"), kept)
    except InvalidKey:
        return False
    except UnsupportedAlgorithm as error:
        raise faults.no_argon2() from error
    return True


def _normal(password: str) -> str:
    # one password, whichever way a keyboard writes its letters (NIST SP 800-63B, 3.1.1.2)
    return unicodedata.normalize("NFKC", password[:_MOST_READ])


def _repeats(text: str) -> bool:
    return any((text[:size] * len(text)).startswith(text) for size in range(1, _LONGEST_UNIT + 1))
