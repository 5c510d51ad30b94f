"""Evidence that was changed and signed again, as a forger would."""

from pathlib import Path

from genaiops.core import SigningKey, Statement, Subject, digest_bytes, open_statement, sign_statement


def resign(bundle: Path, key: SigningKey, **changed: bytes) -> None:
    """Change files (`name=content`, the dot as `__`) and sign all of it again."""
    statement = open_statement((bundle / "statement.intoto.jsonl").read_bytes(), []).statement
    for name, content in changed.items():
        (bundle / name.replace("__", ".")).write_bytes(content)
    files = sorted(
        path for path in bundle.rglob("*") if path.is_file() and path.name != "statement.intoto.jsonl"
    )
    subjects = [
        Subject(str(path.relative_to(bundle)), {"sha256": digest_bytes(path.read_bytes())[7:]})
        for path in files
    ]
    forged = Statement(
        subjects=tuple(subjects), predicate_type=statement.predicate_type, predicate=statement.predicate
    )
    (bundle / "statement.intoto.jsonl").write_bytes(sign_statement(forged, key))
