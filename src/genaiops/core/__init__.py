"""The words all rooms share: contracts, digests, errors, money, safe text. No I/O."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.core.artifacts import (
        KINDS,
        SEALED,
        SENSITIVITIES,
        Annotation,
        Composed,
        Kind,
        KindSpec,
        Manifest,
        Principal,
        Read,
        Reference,
        Scope,
        compose_files,
        listed_files,
        parse_reference,
        typed_kind,
    )
    from genaiops.core.cases import (
        Answer,
        BlobRef,
        Case,
        Citation,
        Output,
        Passage,
        Status,
        ToolCall,
        ToolReply,
        Usage,
    )
    from genaiops.core.chat import (
        ChatDelta,
        ChatModel,
        ChatReply,
        ChatRequest,
        Embedder,
        Grounding,
        Message,
        ModelSpec,
        TokenEmbedder,
    )
    from genaiops.core.codec import decode, decode_each, decode_json, encode, encode_json, json_schema
    from genaiops.core.digests import (
        Digest,
        Json,
        canonical,
        digest_bytes,
        digest_json,
        hex_of,
        parse_digest,
    )
    from genaiops.core.errors import (
        Conflict,
        GateSaidNo,
        GenaiopsError,
        Inconclusive,
        Interrupted,
        NotAllowed,
        NotFound,
        NotSignedIn,
        OutsideError,
        TooMany,
        UserError,
    )
    from genaiops.core.guarding import CostClass, Detector, DetectorSpec, Finding, Surface, Where
    from genaiops.core.hidden import Hidden, hidden_text
    from genaiops.core.http import (
        ANYONE,
        NOBODY,
        ONESELF,
        Asked,
        Content,
        Cookie,
        FileContent,
        Method,
        Reply,
        Route,
    )
    from genaiops.core.likeness import normalise, token_f1
    from genaiops.core.money import NANO, cost_nanousd, usd
    from genaiops.core.problems import Problem
    from genaiops.core.rule_syntax import fact_path
    from genaiops.core.rules import check_rule, evaluate_rule
    from genaiops.core.scoring import Reads, Score, Scorer, ScorerSpec
    from genaiops.core.seams import Candidate, Done, Egress, Response, Runner, SnapshotId, VectorIndex
    from genaiops.core.settings import Settings
    from genaiops.core.signing import (
        PublicKey,
        SignedStatement,
        SigningKey,
        Statement,
        Subject,
        load_public_key,
        load_signing_key,
        new_signing_key,
        open_statement,
        sign_statement,
    )
    from genaiops.core.text import one_line, plain
    from genaiops.core.traces import Operation, Span, Trace
    from genaiops.core.trees import (
        DigestText,
        FileEntry,
        FilesManifest,
        check_paths,
        diff_files,
        file_entries,
        files_closure,
        split_lines,
    )
    from genaiops.core.verdicts import (
        ArmFacts,
        Changes,
        Claim,
        ClaimAtLook,
        ClaimKind,
        ClaimResult,
        ClustersNeeded,
        Comparison,
        CostPerCorrect,
        Decision,
        Discovered,
        DiscoveredSlice,
        Flakiness,
        Interval,
        JudgeAgreement,
        JudgedBy,
        LockState,
        Look,
        Outcome,
        Quarantine,
        Quarantined,
        RuleResult,
        Sequential,
        Spending,
        Steadiness,
        Stopped,
        Verdict,
    )
    from genaiops.core.yaml_text import FrontMatter, KeyPath, Located, read_front_matter, read_yaml

_FILES = {
    "artifacts": "KINDS SEALED SENSITIVITIES Annotation Composed Kind KindSpec Manifest Principal Read "
    "Reference Scope compose_files listed_files parse_reference typed_kind",
    "cases": "Answer BlobRef Case Citation Output Passage Status ToolCall ToolReply Usage",
    "chat": "ChatDelta ChatModel ChatReply ChatRequest Embedder Grounding Message ModelSpec TokenEmbedder",
    "codec": "decode decode_each decode_json encode encode_json json_schema",
    "digests": "Digest Json canonical digest_bytes digest_json hex_of parse_digest",
    "errors": "Conflict GateSaidNo GenaiopsError Inconclusive Interrupted NotAllowed NotFound NotSignedIn "
    "OutsideError TooMany UserError",
    "guarding": "CostClass Detector DetectorSpec Finding Surface Where",
    "hidden": "Hidden hidden_text",
    "http": "ANYONE NOBODY ONESELF Asked Content Cookie FileContent Method Reply Route",
    "likeness": "normalise token_f1",
    "money": "NANO cost_nanousd usd",
    "rule_syntax": "fact_path",
    "rules": "check_rule evaluate_rule",
    "scoring": "Reads Score Scorer ScorerSpec",
    "seams": "Candidate Done Egress Response Runner SnapshotId VectorIndex",
    "signing": "PublicKey SignedStatement SigningKey Statement Subject load_public_key load_signing_key "
    "new_signing_key open_statement sign_statement",
    "problems": "Problem",
    "settings": "Settings",
    "text": "one_line plain",
    "traces": "Operation Span Trace",
    "trees": "DigestText FileEntry FilesManifest check_paths diff_files file_entries files_closure "
    "split_lines",
    "verdicts": "ArmFacts Changes Claim ClaimAtLook ClaimKind ClaimResult ClustersNeeded Comparison "
    "CostPerCorrect Decision Discovered DiscoveredSlice Flakiness Interval JudgeAgreement JudgedBy LockState "
    "Look Outcome Quarantine Quarantined RuleResult Sequential Spending Steadiness Stopped Verdict",
    "yaml_text": "FrontMatter KeyPath Located read_front_matter read_yaml",
}

__all__ = [
    "ANYONE", "KINDS", "NANO", "NOBODY", "ONESELF", "SEALED", "SENSITIVITIES", "Annotation", "Answer",
    "ArmFacts", "Asked", "BlobRef", "Candidate", "Case", "Changes", "ChatDelta", "ChatModel",
    "ChatReply", "ChatRequest", "Citation", "Claim", "ClaimAtLook", "ClaimKind", "ClaimResult",
    "ClustersNeeded", "Comparison", "Composed", "Conflict", "Content", "Cookie", "CostClass",
    "CostPerCorrect", "Decision", "Detector", "DetectorSpec", "Digest", "DigestText", "Discovered",
    "DiscoveredSlice", "Done", "Egress", "Embedder", "FileContent", "FileEntry", "FilesManifest",
    "Finding", "Flakiness", "FrontMatter", "GateSaidNo", "GenaiopsError", "Grounding", "Hidden",
    "Inconclusive", "Interrupted", "Interval", "Json", "JudgeAgreement", "JudgedBy", "KeyPath", "Kind",
    "KindSpec", "Located", "LockState", "Look", "Manifest", "Message", "Method", "ModelSpec",
    "NotAllowed", "NotFound", "NotSignedIn", "Operation", "Outcome", "Output", "OutsideError", "Passage",
    "Principal", "Problem", "PublicKey", "Quarantine", "Quarantined", "Read", "Reads", "Reference",
    "Reply", "Response", "Route", "RuleResult", "Runner", "Scope", "Score", "Scorer", "ScorerSpec",
    "Sequential", "Settings", "SignedStatement", "SigningKey", "SnapshotId", "Span", "Spending",
    "Statement", "Status", "Steadiness", "Stopped", "Subject", "Surface", "TokenEmbedder", "TooMany",
    "ToolCall", "ToolReply", "Trace", "Usage", "UserError", "VectorIndex", "Verdict", "Where", "canonical",
    "check_paths", "check_rule", "compose_files", "cost_nanousd", "decode", "decode_each", "decode_json",
    "diff_files", "digest_bytes", "digest_json", "encode", "encode_json", "evaluate_rule", "fact_path",
    "file_entries", "files_closure", "hex_of", "hidden_text", "json_schema", "listed_files",
    "load_public_key", "load_signing_key", "new_signing_key", "normalise", "one_line", "open_statement",
    "parse_digest", "parse_reference", "plain", "read_front_matter", "read_yaml", "sign_statement",
    "split_lines", "token_f1", "typed_kind", "usd",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
