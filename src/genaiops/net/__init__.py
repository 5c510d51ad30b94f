"""The only place that opens outbound connections, under one policy.

A name is resolved once, every address is checked, and the connection goes to exactly those addresses.
Private, loopback, link-local and metadata addresses are refused unless the person listed them. When to ask
again, and how long to wait first, is decided here too.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.net.config import load_policy
    from genaiops.net.egress import HttpEgress
    from genaiops.net.files import FileBody
    from genaiops.net.policy import EgressPolicy
    from genaiops.net.retry import RETRYABLE, RetryPolicy, retry_after

_FILES = {
    "config": "load_policy",
    "egress": "HttpEgress",
    "files": "FileBody",
    "policy": "EgressPolicy",
    "retry": "RETRYABLE RetryPolicy retry_after",
}

__all__ = [
    "RETRYABLE", "EgressPolicy", "FileBody", "HttpEgress", "RetryPolicy", "load_policy", "retry_after",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
