"""Secrets: keys and tokens by the shapes that their issuers document, and values after such a name.

Shapes are those of the issuers' public documentation: AWS IAM "Unique ID prefixes"; GitHub "Behind GitHub's
new authentication token formats" (prefix, 30 characters, CRC-32 in base 62; npm does the same); GitLab "Token
prefixes"; Slack "Tokens"; Stripe "API keys"; Google Cloud "API keys"; Hugging Face "User access tokens"; PyPI
"API tokens"; SendGrid, DigitalOcean, Shopify, Databricks, Telegram and Azure Storage references; RFC 7519
(JWT); RFC 7468 (PEM); RFC 9580 §6.2 (OpenPGP's armor); RFC 6750 and 7617 (`Bearer`, `Basic`); RFC 3986 §3.2.1
(passwords in URLs).
"""

import base64
import binascii
import json
import re
import string
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from genaiops.core import DetectorSpec, Finding, Json, Where
from genaiops.guard.detectors.base import MOST_CANDIDATES, Budget, NoParameters, Pure, lower, parameters_of
from genaiops.guard.detectors.secrets_named import entropy, named_secrets
from genaiops.guard.model import TooMuch
from genaiops.guard.policy_file import SURFACES


@dataclass(frozen=True, slots=True)
class _Shape:
    """A secret that begins with one of `signs`; `sure` returns how sure a match is, 0 where it is none."""

    category: str
    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    reason: str
    sure: Callable[[str], float]


_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def _word(first: str, rest: str) -> str:
    """Return a pattern for what begins a word with the letter `first`: looked for by it, and then checked."""
    return rf"{first}(?<![A-Za-z0-9_]{first}){rest}"


def _always(sure: float) -> Callable[[str], float]:
    return lambda found: sure


def _github(token: str) -> float:
    """Return 1 where the last six characters are the CRC-32 of what stands between prefix and them."""
    body = token.partition("_")[2]
    value = zlib.crc32(body[:-6].encode())
    digits = ""
    while value:
        value, digit = divmod(value, 62)
        digits = _BASE62[digit] + digits
    return 1.0 if digits.rjust(6, "0") == body[-6:] else 0.7


def _jwt(token: str) -> float:
    head = token.partition(".")[0]
    try:
        values: object = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return 0.0
    return 0.95 if isinstance(values, dict) and "alg" in values else 0.0


def _mixed(value: str) -> float:
    """Return how sure a value of no known shape is random: by the entropy of its characters."""
    return 0.8 if entropy(value) >= 3.0 and any(map(str.isdigit, value)) else 0.0


def _authorized(header: str) -> float:
    """Return how sure the end of `Bearer …` or `Authorization: Basic …` is a secret."""
    scheme, value = header.split()[-2:]
    if not scheme.lower().endswith("basic"):
        return _mixed(value)
    try:
        return 0.95 if b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True) else 0.0
    except binascii.Error:
        return 0.0


def _shape(
    name: str, signs: str, pattern: str, issuer: str, sure: float | Callable[[str], float] = 0.95
) -> _Shape:
    certain = sure if callable(sure) else _always(sure)
    return _Shape(
        f"secrets.{name}", tuple(signs.split()), re.compile(pattern), f"the shape of a {issuer}", certain
    )


SHAPES: tuple[_Shape, ...] = (
    _shape("aws", "AKIA ASIA", _word("A", r"(?:KIA|SIA)[A-Z2-7]{16}(?![A-Za-z0-9])"), "key id of AWS"),
    _shape("github", "ghp_ gho_ ghu_ ghs_ ghr_", _word("g", r"h[pousr]_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
           "GitHub token", _github),
    _shape("github", "github_pat_", _word("g", r"ithub_pat_[A-Za-z0-9_]{22,255}"), "GitHub token"),
    _shape("npm", "npm_", _word("n", r"pm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"), "npm token", _github),
    _shape("gitlab", "glpat- gldt- glrt-", _word("g", r"l(?:pat|dt|rt)-[A-Za-z0-9_-]{20,64}"),
           "GitLab token"),
    _shape("slack", "xox xapp-", _word("x", r"(?:ox[abceoprs]|app)-[A-Za-z0-9-]{10,250}"), "Slack token"),
    _shape("slack", "hooks.slack.com/",
           r"hooks\.slack\.com/services/T[A-Z0-9]{1,16}/B[A-Z0-9]{1,16}/[A-Za-z0-9]{8,64}", "Slack webhook"),
    _shape("stripe", "k_live_ k_test_", _word("[rs]", r"k_(?:live|test)_[A-Za-z0-9]{16,250}"), "Stripe key"),
    _shape("stripe", "whsec_", _word("w", r"hsec_[A-Za-z0-9]{16,250}"), "Stripe secret"),
    _shape("google", "AIza", _word("A", r"Iza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"), "Google API key"),
    _shape("google", "GOCSPX-", _word("G", r"OCSPX-[A-Za-z0-9_-]{20,64}"), "Google client secret"),
    _shape("model_api", "sk-", _word("s", r"k-(?:[a-z]{2,10}[0-9]{0,2}-){0,2}[A-Za-z0-9_-]{20,250}"),
           "key of a model's API", _mixed),
    _shape("huggingface", "hf_", _word("h", r"f_[A-Za-z0-9]{30,40}(?![A-Za-z0-9])"), "Hugging Face token"),
    _shape("pypi", "pypi-AgE", _word("p", r"ypi-AgE[A-Za-z0-9_-]{16,500}"), "PyPI token"),
    _shape("sendgrid", "SG.", _word("S", r"G\.[A-Za-z0-9_-]{16,24}\.[A-Za-z0-9_-]{16,50}"), "SendGrid key"),
    _shape("digitalocean", "_v1_", _word("d", r"o[op]_v1_[0-9a-f]{32,64}"), "DigitalOcean token"),
    _shape("shopify", "shp", _word("s", r"hp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
           "Shopify token"),
    _shape("databricks", "dapi", _word("d", r"api[0-9a-f]{32}(?![0-9a-f])"), "Databricks token"),
    _shape("telegram", ":AA", r"(?<![0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])",
           "Telegram bot token"),
    _shape("azure", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{20,86}={0,2}", "Azure Storage key"),
    _shape("jwt", "eyJ",
           _word("e", r"yJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{0,6000}(?:\.[A-Za-z0-9_-]{0,1000})?"),
           "signed token (JWT)", _jwt),
    _shape("authorization", "earer ", r"[Bb]earer {1,3}([A-Za-z0-9._~+/=-]{16,2000})", "bearer's token",
           _authorized),
    _shape("authorization", "uthorization",
           r"uthorization[\\\"']{0,3}[ \t]{0,3}[:=,][ \t]{0,3}[\\\"']{0,3}"
           r"(?:[Bb]asic|[Tt]oken|[Aa]pi-?[Kk]ey) {1,3}([A-Za-z0-9._~+/=-]{8,2000})",
           "credential in a header", _authorized),
    _shape("private_key", "PRIVATE KEY", r"-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY(?: BLOCK)?-----"
           r"(?:(?:\s|\\[nr]){1,4}(?:[A-Za-z-]{3,20}: [^\n\\]{1,80}|[A-Za-z0-9+/=]{20,2000})){0,200}"
           r"(?:(?:(?:\s|\\[nr]){1,4}[A-Za-z0-9+/=]{1,80}){1,2}(?=(?:\s|\\[nr]){1,4}-----END))?"
           r"(?:(?:\s|\\[nr]){1,4}-----END [A-Z ]{1,30}-----)?", "private key"),
    _shape("url_password", "://", r"://([^\s:/?#@\[\]]{1,64}:[^\s:/?#@]{3,128}@)(?=[A-Za-z0-9\[])",
           "password in a URL", 0.85),
    # a stream must not let go of the first characters of one that has not ended
    _shape("url_password", "://",
           r"://((?=[^\s/?#@]{40})[^\s:/?#@\[\]]{1,64}:(?![0-9]{0,5}\Z)[^\s:/?#@]{1,128}@?)\Z",
           "password in a URL that has not ended", 0.85),
)  # fmt: skip

_SIGNS = tuple((sign, at) for at, shape in enumerate(SHAPES) for sign in shape.signs)
SPEC = DetectorSpec(
    name="secrets",
    version="3",
    surfaces=frozenset(SURFACES),
    span=48,
    categories=frozenset({*(shape.category for shape in SHAPES), "secrets.assigned"}),
)


def secrets(given: Mapping[str, Json]) -> Pure:
    """Return the detector of secrets."""
    parameters_of(NoParameters, given)
    return Pure(SPEC, _find)


def _find(text: str, where: Where) -> Iterator[Finding]:
    """Yield what is found; where there is too much of one shape, the others are looked for first."""
    too_much = False
    for at in dict.fromkeys([at for sign, at in _SIGNS if sign in text]):
        shape = SHAPES[at]
        for count, match in enumerate(shape.pattern.finditer(text)):
            if count == MOST_CANDIDATES:
                too_much = True
                break
            sure = shape.sure(match.group())
            if sure:
                start, end = match.span(shape.pattern.groups)  # the group, where there is one
                yield _finding(shape.category, start, end, sure, shape.reason)
    reason = "a value that looks random or like a password, after a name that calls it a secret"
    for start, end, sure in named_secrets(text, lower(text), Budget()):
        yield _finding("secrets.assigned", start, end, sure, reason)
    if too_much:
        raise TooMuch


def _finding(category: str, start: int, end: int, confidence: float, reason: str) -> Finding:
    return Finding(
        detector=SPEC.name, category=category, start=start, end=end, confidence=confidence, reason=reason
    )
