"""What of one answer came from outside, and what the app may therefore do: the parent's own knowledge.

The parent hands out every passage and every result, and sends every message to a model, so it need not
believe the app. What the app brings in by itself it does not see.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from genaiops.app.hosts import is_foreign, trusted_hosts
from genaiops.app.turns import user_words
from genaiops.core import ChatRequest, Json
from genaiops.guard import Decision, GuardFile, Known, decide, fields, keyed, without_addresses

_MOST = 200_000
"""Characters of prompts that are read."""


class Outside:
    """The state of one answer: what its app has seen, and whose words are trusted."""

    def __init__(self, policy: GuardFile, system: Sequence[str] = ()) -> None:
        self._policy = policy
        self._known = Known(system=tuple(system))

    @property
    def seen(self) -> bool:
        """Whether the app has seen text from outside."""
        return self._known.outside

    def given(self, inputs: Mapping[str, Json]) -> None:
        """Take note of a case's inputs: the user's words, but for those that the policy names `outside`.

        Of a conversation only what the user said: a model's words may follow what it had read.
        """
        user: list[str] = []
        for key, value in inputs.items():
            words, others = user_words(key, value)
            if key in self._policy.outside or others:
                self.saw()
            if key not in self._policy.outside:
                user += words
        self._known = replace(self._known, user=(*self._known.user, *user))

    def saw(self) -> None:
        """Take note that text from outside was handed out."""
        self._known = replace(self._known, outside=True)

    def replied(self, request: ChatRequest, reply: str) -> None:
        """Take note of a model's reply: trusted where nothing from outside can have stood in what it read."""
        contents = [message.content for message in request.messages]
        if request.grounding is not None:
            contents += [request.grounding.question, *request.grounding.texts]
        self._known = self._known.sent(contents, reply)

    def decide(self, name: str, arguments: Mapping[str, Json]) -> Decision:
        """Return whether a tool may be called now; marks its result as from outside where it is."""
        decision = decide(self._policy.tools, name, arguments, self._known)
        if decision.do == "refuse" or not self.seen or self._policy.tools[name].effect == "write":
            return decision
        if self.bare(dict(arguments))[1] or self._leads_away(dict(arguments)):
            return Decision(
                "refuse", "an address in its arguments that neither the user nor the policy names"
            )
        return decision

    def called(self, name: str) -> None:
        """Take note that a tool is called: what it brings is from outside, unless all of it is trusted."""
        if "*" not in self._policy.tools[name].trusted:
            self.saw()

    def returned(self, name: str, result: Json) -> None:
        """Take note of the fields of a result that the policy trusts."""
        told = [text for one in fields(result, self._policy.tools[name].trusted) for text in texts_of(one)]
        self._known = replace(self._known, fields=(*self._known.fields, *told))

    def unbound(self, name: str, arguments: Mapping[str, Json]) -> tuple[dict[str, Json], int]:
        """Return arguments, in those that are anybody's words no address, and how many were taken out."""
        free = self._policy.tools[name].free
        apart, taken = self.bare({key: value for key, value in arguments.items() if key in free})
        return {**arguments, **(apart if isinstance(apart, dict) else {})}, taken

    def bare(self, value: Json) -> tuple[Json, int]:
        """Return `value` without images and addresses that neither trusted words nor the policy name."""
        if not self.seen:
            return value, 0
        return _bare(value, self._policy.hosts, self._named)

    @property
    def _named(self) -> frozenset[str]:
        known = self._known
        return trusted_hosts(known.user, (*known.plans, *known.system, *known.fields))

    def _leads_away(self, arguments: Json) -> bool:
        """Say whether a host stands in arguments, or in their keys, that nobody trusted names."""
        named = self._named
        texts = texts_of(arguments, keys=True)
        return any(is_foreign(text, self._policy.hosts, named) for text in texts)


def prompt_texts(root: Path) -> tuple[str, ...]:
    """Return the texts of the project's prompts, as far as they can be read."""
    return tuple(
        path.read_bytes()[:_MOST].decode("utf-8", "replace")
        for path in sorted(root.glob("prompts/**/*.md"))
        if path.is_file() and path.resolve().is_relative_to(root.resolve())
    )


def texts_of(value: Json, *, keys: bool = False) -> Iterator[str]:
    """Yield the texts and numbers in a value, with `keys` those of objects too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item, keys=keys)
    elif isinstance(value, dict):
        yield from value if keys else ()
        for item in value.values():
            yield from texts_of(item, keys=keys)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _bare(value: Json, hosts: Sequence[str], named: frozenset[str]) -> tuple[Json, int]:
    if isinstance(value, str):
        return without_addresses(value, hosts, named)
    if isinstance(value, list):
        pairs = [_bare(item, hosts, named) for item in value]
        return [item for item, _ in pairs], sum(taken for _, taken in pairs)
    if isinstance(value, dict):
        parts = [(_bare(key, hosts, named), _bare(item, hosts, named)) for key, item in value.items()]
        passed = keyed((str(key), item) for (key, _), (item, _) in parts)
        return passed, sum(one + other for (_, one), (_, other) in parts)
    return value, 0
