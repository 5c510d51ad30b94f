"""The shape of genaiops.yaml, exactly as people write it; unknown keys are errors everywhere."""

import re
from datetime import timedelta
from typing import Annotated, Literal, Self, cast
from urllib.parse import parse_qsl, urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from genaiops.app.secrets import find_secrets
from genaiops.core import Claim, ClaimKind, Json, UserError
from genaiops.knowledge import Backend, BackendName
from genaiops.models import EmbedSettings

BOUND_KEYS: dict[ClaimKind, str] = {"better": "by", "not_worse": "margin", "at_least": "value"}
_VARIABLE = r"^[A-Z_][A-Z0-9_]*$"
_TARGET = re.compile(r"[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


def _as_word(value: object) -> object:
    """Let a bare `yes`, which YAML may read as true, and a number be the words that people mean."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int) else value


Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$", max_length=80)]
"""A name that can stand in a reference: lower-case letters, digits, and . _ - between them."""

Verdict = Annotated[str, BeforeValidator(_as_word), Field(pattern=r"^[^\s\x00-\x1f][^\x00-\x1f]{0,39}$")]
"""A word of a judge's scale, such as `right` or `3`."""

Column = Annotated[str, Field(pattern=r"^(tags|inputs|expected)(\.[\w-]+)+$")]
"""A place in a case, such as `tags.document`."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, populate_by_name=True)


def _as_text(value: object) -> object:
    """Let `version: 7` be the text that it reads; `1.10` would not survive being a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class AppTarget(_Strict):
    """What answers: a Python function (`module:function`) in the project, or an HTTP endpoint.

    `version` is what the endpoint's owner calls what answers there; `key_env` names the variable of the
    environment that holds its key.
    """

    function: str | None = None
    url: str | None = None
    version: Annotated[str, BeforeValidator(_as_text), Field(min_length=1)] | None = None
    key_env: str | None = Field(default=None, pattern=_VARIABLE)

    def __str__(self) -> str:
        return self.function or self.url or ""

    @classmethod
    def at(cls, url: str) -> "AppTarget":
        """Return the endpoint at `url`, its version unknown; raises `ValueError` for what is no address."""
        if why := _unfit(url):
            raise ValueError(why)
        return cls(url=url)


def _unfit(url: str) -> str:
    """Return why `url` cannot be an endpoint's address; empty where it can."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if not usable:
        return "expected a url that begins with http:// or https:// and names a host"
    if parts.username is not None or parts.password is not None:
        return "expected a url without a password: it is recorded and shown; name the key's variable: key_env"
    if any(find_secrets(dict(parse_qsl(parts.query, keep_blank_values=True)))):
        return "expected a url without a key in its query: it is recorded; name the key's variable: key_env"
    return ""


def _target(value: object) -> object:
    if isinstance(value, AppTarget):
        return value
    if isinstance(value, str):
        if not _TARGET.fullmatch(value):
            raise PydanticCustomError("app", "expected module:function, for example app:answer")
        return {"function": value}
    if isinstance(value, dict) and "function" not in value:
        given = cast("dict[str, object]", value)
        if why := _unfit(str(given.get("url", ""))):
            raise PydanticCustomError("app", "{why}", {"why": why})
        return given
    raise PydanticCustomError("app", "expected module:function, or a mapping with url and version")


_TARGET_SCHEMA: dict[str, object] = {
    "anyOf": [
        {"type": "string", "pattern": f"^{_TARGET.pattern}$"},
        {
            "type": "object",
            "properties": {
                "url": {"type": "string", "pattern": "^https?://"},
                "version": {"type": ["string", "integer"], "minLength": 1},
                "key_env": {"type": "string", "pattern": _VARIABLE},
            },
            "required": ["url"],
            "additionalProperties": False,
        },
    ]
}


class PriceConfig(_Strict):
    """USD per million tokens, stated by the user and shown as an assumption."""

    usd_in: float = Field(alias="in", ge=0)
    usd_out: float = Field(alias="out", ge=0)


class ChunkConfig(_Strict):
    """How documents are cut: at headings, to at most `tokens`, neighbours sharing `overlap`."""

    by: Literal["heading"] = "heading"
    tokens: int = Field(default=130, ge=16, le=100_000)
    overlap: int = Field(default=20, ge=0)

    @model_validator(mode="after")
    def _overlap_is_smaller(self) -> Self:
        if self.overlap * 2 > self.tokens:
            raise PydanticCustomError("overlap", "expected an overlap of at most half of tokens")
        return self


class IndexConfig(_Strict):
    """The backend of an index, and how hard it looks (docs/backends.md); a text is the name of a backend."""

    backend: BackendName = "local"
    nprobes: int | None = Field(default=None, ge=1, le=10_000)
    refine: int | None = Field(default=None, ge=1, le=100)
    ef_search: int | None = Field(default=None, ge=0, le=1_000)

    def chosen(self) -> Backend:
        """Return the backend, its defaults filled in; raises `UserError` for a setting of another one."""
        given = {"nprobes": self.nprobes, "refine": self.refine, "ef_search": self.ef_search}
        return Backend.of(self.backend, {name: one for name, one in given.items() if one is not None})

    @model_validator(mode="after")
    def _settings_are_its_own(self) -> Self:
        try:
            self.chosen()
        except UserError as error:
            raise PydanticCustomError("setting", "{what}", {"what": error.what}) from error
        return self


def _index(value: object) -> object:
    return {"backend": value} if isinstance(value, str) else value


class KnowledgeConfig(_Strict):
    """A folder of documents that the app may search. `access`: who may read is in their front matter.

    `releases` is a file that lists documents which hide words and may be used all the same.
    """

    source: str = Field(min_length=1)
    chunk: ChunkConfig = ChunkConfig()
    access: Literal["front_matter"] = "front_matter"
    releases: str | None = Field(default=None, min_length=1)
    index: Annotated[
        IndexConfig, BeforeValidator(_index, json_schema_input_type=BackendName | IndexConfig)
    ] = IndexConfig()

    def resolved(self) -> dict[str, Json]:
        """Return all values; the default index is not named, so that digests made before it was hold."""
        values = cast("dict[str, Json]", self.model_dump(mode="json"))
        if self.index == IndexConfig():
            del values["index"]
        return values


class ScorerConfig(_Strict):
    """A scorer by name, with its parameters."""

    name: str
    params: dict[str, Json] = {}


def _scorer(value: object) -> object:
    if isinstance(value, ScorerConfig):
        return value
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, dict):
        entries = list(cast("dict[str, object]", value).items())
        if len(entries) == 1 and isinstance(entries[0][1], dict | None):
            return {"name": entries[0][0], "params": cast(object, entries[0][1] or {})}
    raise PydanticCustomError(
        "scorer", "expected a scorer's name, or one name with its parameters: {{retrieval_recall: {{k: 5}}}}"
    )


_SCORER_SCHEMA: dict[str, object] = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": ["object", "null"]},
        },
    ]
}
ScorerEntry = Annotated[ScorerConfig, BeforeValidator(_scorer), WithJsonSchema(_SCORER_SCHEMA)]


class ClaimConfig(_Strict):
    """One claim: better *by*, not_worse by at most a *margin*, at_least a *value*."""

    scorer: str
    kind: ClaimKind = Field(alias="is")
    by: float | None = Field(default=None, ge=0)
    margin: float | None = Field(default=None, ge=0)
    value: float | None = None
    slice: str | None = None

    @model_validator(mode="after")
    def _has_its_bound(self) -> Self:
        bounds = {"by": self.by, "margin": self.margin, "value": self.value}
        given = [key for key, bound in bounds.items() if bound is not None]
        needed = BOUND_KEYS[self.kind]
        if given != [needed]:
            raise PydanticCustomError(
                "bound",
                "expected `{needed}`, and no other bound, in a claim that is {kind}",
                {"needed": needed, "kind": self.kind},
            )
        return self

    def claim(self) -> Claim:
        """Return the claim as the verdict knows it."""
        bound = {"better": self.by, "not_worse": self.margin, "at_least": self.value}[self.kind]
        return Claim(scorer=self.scorer, kind=self.kind, bound=float(bound or 0.0), slice=self.slice)


class GateConfig(_Strict):
    """What a change must show, and what happens where the gate itself changed."""

    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    claims: tuple[ClaimConfig, ...] = ()
    rules: tuple[str, ...] = ()
    require_lock: Literal["none", "base", "hub"] = "none"
    on_change: Literal["review", "fail"] = "review"


class SuiteConfig(_Strict):
    """A dataset, the scorers that look at the answers, and the gate."""

    dataset: str = Field(min_length=1)
    scorers: tuple[ScorerEntry, ...] = Field(min_length=1)
    subject: Column | None = None
    cluster: Column | None = None
    cluster_missing: Literal["own", "error"] = "error"
    slices: tuple[Column, ...] = ()
    discover: bool = True
    repeats: int = Field(default=1, ge=1, le=100)
    quarantine: str | None = Field(default=None, min_length=1)
    gate: GateConfig | None = None

    def resolved(self) -> Json:
        """Return the suite as plain values, defaults filled in: what its digest reads."""
        return cast(Json, self.model_dump(mode="json", by_alias=True, exclude_none=True))


class JudgeConfig(_Strict):
    """A language model as a scorer: a rubric (a text file), the model that reads it, and its verdicts.

    `scale` names the verdicts of an answer from worst to best; with `form: pair` the judge says which of two
    answers is better instead. Besides answers it sees what `sees` lists. `anchors` are rows that it judged
    before, asked again at every run.
    """

    rubric: str = Field(min_length=1)
    model: str = Field(min_length=3)
    form: Literal["answer", "pair"] = "answer"
    scale: tuple[Verdict, ...] = Field(default=("no", "yes"), min_length=2, max_length=11)
    sees: tuple[Literal["inputs", "expected", "passages"], ...] = ("inputs", "expected")
    max_tokens: int = Field(default=256, ge=16, le=8_192)
    anchors: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _verdicts_differ(self) -> Self:
        if len({word.casefold() for word in self.scale}) < len(self.scale):
            raise PydanticCustomError("scale", "expected a scale whose words differ")
        if self.form == "pair" and {"scale", "anchors"} & self.model_fields_set:
            raise PydanticCustomError("form", "expected no scale and no anchors for a judge of pairs")
        return self


class ModelConfig(_Strict):
    """A model by its reference; of the embedder also what its name and its own files do not say.

    All of that is part of the embedding. `version` is what the owner of an endpoint calls what answers there.
    `dimension` is checked; with `shorten` an endpoint is asked for so many numbers only.
    """

    model: str
    version: Annotated[str, BeforeValidator(_as_text), Field(min_length=1)] | None = None
    query_prefix: str | None = Field(default=None, max_length=1_000)
    passage_prefix: str | None = Field(default=None, max_length=1_000)
    pooling: Literal["mean", "cls", "last"] | None = None
    dimension: int | None = Field(default=None, ge=1, le=100_000)
    window: int | None = Field(default=None, ge=8, le=1_000_000)
    shorten: bool | None = None

    @model_validator(mode="after")
    def _shortened_to_something(self) -> Self:
        if self.shorten and self.dimension is None:
            raise PydanticCustomError("shorten", "expected `dimension` beside `shorten`: to how many numbers")
        return self

    @property
    def settings(self) -> EmbedSettings:
        """What is said of the embedder beside its name."""
        return EmbedSettings(**self.model_dump(exclude={"model"}, exclude_none=True))


def _model(value: object) -> object:
    return {"model": value} if isinstance(value, str) else value


class _OrText:
    """Says in the JSON Schema that a text may stand where a mapping is described."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, object]:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


ModelEntry = Annotated[ModelConfig, BeforeValidator(_model), _OrText]


class ReuseConfig(_Strict):
    """How long an output of something remote may stand for what it would say now: `24h`, `30m`, `7d`."""

    max_age: str = Field(default="24h", pattern=r"^[0-9]{1,5}[smhd]$")

    @property
    def longest(self) -> timedelta:
        """`max_age` as a length of time."""
        units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
        return timedelta(**{units[self.max_age[-1]]: int(self.max_age[:-1])})


class ProjectFile(_Strict):
    """genaiops.yaml. `role`: on whose behalf the app answers, which rules of its guard may be narrowed to."""

    project: Name
    app: Annotated[AppTarget, BeforeValidator(_target), WithJsonSchema(_TARGET_SCHEMA)]
    params: dict[str, Json] = {}
    models: dict[str, ModelEntry] = {}
    prices: dict[str, PriceConfig] = {}
    knowledge: dict[Name, KnowledgeConfig] = {}
    suites: dict[Name, SuiteConfig] = {}
    judges: dict[Name, JudgeConfig] = {}
    reuse: ReuseConfig = ReuseConfig()
    guard: Annotated[str, Field(min_length=1)] | Literal[False] = False
    role: Name | None = None

    @model_validator(mode="after")
    def _only_the_embedder_is_described(self) -> Self:
        described = [
            role
            for role, model in self.models.items()
            if role != "embed" and model.settings != EmbedSettings()
        ]
        if described:
            raise PydanticCustomError(
                "models", "expected a reference for {role}: only `embed` is described", {"role": described[0]}
            )
        return self

    @model_validator(mode="after")
    def _endpoint_takes_inputs_only(self) -> Self:
        unread = [name for name in ("params", "knowledge") if getattr(self, name)]
        if self.app.url is not None and unread:
            raise PydanticCustomError(
                "app",
                "expected no `{name}` beside an app with a url: it gets a case's inputs, nothing else",
                {"name": unread[0]},
            )
        return self
