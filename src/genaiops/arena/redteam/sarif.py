"""Findings in files as SARIF 2.1.0 (OASIS, 2020), which code hosts show beside the line. Pure."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

import genaiops
from genaiops.arena.redteam.files import RULES
from genaiops.arena.redteam.model import FileFinding
from genaiops.core import Json

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_of(findings: Sequence[FileFinding], prefix: PurePosixPath) -> dict[str, Json]:
    """Return a log with one run; paths are from the repository's top, below which `prefix` is the project.

    Columns count characters. A finding's fingerprint holds while its file, rule and number there stay.
    """
    rules = sorted({(one.rule, one.detector) for one in findings})
    index = {rule: at for at, (rule, _) in enumerate(rules)}
    seen: dict[tuple[str, str], int] = {}
    results: list[Json] = []
    for one in findings:
        number = seen[one.path, one.rule] = seen.get((one.path, one.rule), 0) + 1
        results.append(_result(one, index[one.rule], number, prefix))
    driver: dict[str, Json] = {
        "name": "genaiops",
        "version": genaiops.__version__,
        "rules": [_rule(rule, detector) for rule, detector in rules],
    }
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: str, detector: str) -> Json:
    text = RULES.get(detector, "A finding of the guard.")
    return {
        "id": rule,
        "name": "".join(part.title() for part in rule.replace("_", ".").replace("-", ".").split(".")),
        "shortDescription": {"text": text},
        "help": {"text": f"{text} Read the place; a person decides whether it belongs there."},
        "properties": {"tags": ["security", "prompt-injection"]},
    }


def _result(one: FileFinding, rule: int, number: int, prefix: PurePosixPath) -> Json:
    path = str(prefix / one.path)
    hashed = hashlib.sha256(f"{path}\0{one.rule}\0{number}".encode()).hexdigest()
    return {
        "ruleId": one.rule,
        "ruleIndex": rule,
        "level": "warning" if one.certain else "note",
        "message": {"text": f"{one.reason} (confidence {one.confidence:g})"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(path), "uriBaseId": "%SRCROOT%"},
                    "region": {
                        "startLine": one.line,
                        "startColumn": one.column,
                        "endLine": one.end_line,
                        "endColumn": one.end_column,
                    },
                }
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": f"{hashed[:16]}:1"},
    }
