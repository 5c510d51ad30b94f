"""The kinds of artifact that this room owns: an app as it answered, and what calibration learnt for it."""

from pydantic import BaseModel, ConfigDict, JsonValue

from genaiops.core import DigestText, typed_kind
from genaiops.hub import diff_json


class AppManifest(BaseModel):
    """An app: the digest of everything that makes its outputs, its resolved configuration, its git tree."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: DigestText
    config: dict[str, JsonValue]
    tree: str | None = None


class CalibrationManifest(BaseModel):
    """Thresholds and weights (`values`), and the data and index they were learnt on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: dict[str, JsonValue]
    learned_on: dict[str, JsonValue]


APP_KIND = typed_kind("app", AppManifest, diff=diff_json)
CALIBRATION_KIND = typed_kind("calibration", CalibrationManifest, diff=diff_json)
KINDS = (APP_KIND, CALIBRATION_KIND)
