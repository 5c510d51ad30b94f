"""The bill of materials of an app version: CycloneDX 1.7, from what the Hub and the evidence hold.

`bill_of_materials` is pure: equal inputs give equal documents, serial number included. `check` lets
nothing pass that the standard's own strict schema does not accept.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.bom.checking import check
    from genaiops.arena.bom.document import bill_of_materials
    from genaiops.arena.bom.gathering import Proof, proof_of

_FILES = {
    "checking": "check",
    "document": "bill_of_materials",
    "gathering": "Proof proof_of",
}

__all__ = ["Proof", "bill_of_materials", "check", "proof_of"]

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
