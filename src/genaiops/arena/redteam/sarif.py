"""Findings in files as SARIF 2.1.0 (OASIS, 2020), which code hosts show beside the line. Pure."""

import hashlib
from pathlib import PurePosixPath
from urllib.parse import quote

import genaiops
from genaiops.arena.redteam.files import RULES
from genaiops.arena.redteam.model import FileFinding, FilesFound, Unread
from genaiops.core import Json

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_UNREAD = "unread"


def sarif_of(found: FilesFound, prefix: PurePosixPath) -> dict[str, Json]:
    """Return a log with one run; paths are from the repository's top, below which `prefix` is the project.

    Columns count characters. A finding's fingerprint holds while its file, rule and number there stay. A file
    that was not looked through whole is an error of the run, which then was not successful.
    """
    rules = sorted({(one.rule, one.detector) for one in found.findings})
    index = {rule: at for at, (rule, _) in enumerate(rules)}
    seen: dict[tuple[str, str], int] = {}
    results: list[Json] = []
    for one in found.findings:
        number = seen[one.path, one.rule] = seen.get((one.path, one.rule), 0) + 1
        results.append(_result(one, index[one.rule], number, prefix))
    driver: dict[str, Json] = {
        "name": "genaiops",
        "version": genaiops.__version__,
        "rules": [_rule(rule, detector) for rule, detector in rules],
        "notifications": [
            {"id": _UNREAD, "shortDescription": {"text": "A file that was not looked through, or not whole."}}
        ],
    }
    invocation: Json = {
        "executionSuccessful": not found.unread,
        "toolExecutionNotifications": [_unread(one, prefix) for one in found.unread],
    }
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "invocations": [invocation],
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


def _unread(one: Unread, prefix: PurePosixPath) -> Json:
    return {
        "descriptor": {"id": _UNREAD, "index": 0},
        "level": "error",
        "message": {"text": f"Not looked through whole, so that anything may be hidden in it: {one.why}"},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(str(prefix / one.path))}}],
    }


def _artifact(path: str) -> Json:
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}


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
                    "artifactLocation": _artifact(path),
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
