"""The only place that opens outbound connections, under one policy.

A name is resolved once, every address is checked, and the connection goes to exactly those addresses.
Private, loopback, link-local and metadata addresses are refused unless the person listed them.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.net.config import load_policy
    from genaiops.net.egress import HttpEgress
    from genaiops.net.policy import EgressPolicy

__all__ = ["EgressPolicy", "HttpEgress", "load_policy"]

__getattr__ = attach(__name__, {"EgressPolicy": "policy", "HttpEgress": "egress", "load_policy": "config"})
