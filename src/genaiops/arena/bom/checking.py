"""The standard's own judgement of a bill of materials: its strict schema, from cyclonedx-python-lib."""

import json
from collections.abc import Mapping

from genaiops.core import Json, UserError, one_line


def is_spdx(licence: str) -> bool:
    """Return whether `licence` is an identifier of the SPDX list that the schema knows."""
    from cyclonedx.spdx import is_supported_id  # 700 ms, and an extra

    return is_supported_id(licence)


def written(bom: Mapping[str, Json]) -> str:
    """Return the text of a bill of materials."""
    return json.dumps(bom, indent=2, ensure_ascii=False) + "\n"


def check(bom: Mapping[str, Json]) -> None:
    """Raise `UserError` where `bom` does not fit CycloneDX 1.7."""
    from cyclonedx.schema import SchemaVersion  # 700 ms, and an extra
    from cyclonedx.validation.json import JsonStrictValidator  # 1 s, and an extra

    wrong = JsonStrictValidator(SchemaVersion.V1_7).validate_str(written(bom))
    if wrong is not None:
        raise UserError(
            "GAO-ARENA-380",
            "what is known of this app does not fit CycloneDX 1.7",
            why=one_line(str(getattr(wrong, "data", wrong)), 200),
            fix="correct the label or name that it says; what is not valid is not written",
        )
