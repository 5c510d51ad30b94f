"""Labelling on a terminal: one question after the other, each label kept the moment it is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genaiops.arena.labels.book import LabelBook
from genaiops.arena.labels.counting import choices_by, entries_of
from genaiops.arena.labels.sample import Question
from genaiops.arena.labels.showing import parts_of
from genaiops.arena.model import Judge
from genaiops.arena.scale import choice_of, choices_of

BACK, RUBRIC, STOP = "b", "?", "q"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a person labels: `say` shows a text, `ask` returns the next line or None at the end of input."""

    say: Callable[[str], None]
    ask: Callable[[], str | None]
    clock: Callable[[], str]


def ask_all(judge: Judge, questions: Sequence[Question], book: LabelBook, author: str, desk: Desk) -> None:
    """Ask `author` what is not labelled yet, until nothing is left or they stop.

    No question can be passed over: a sample with gaps that somebody chose is none.
    """
    done = choices_by(author, judge, questions, book)
    at = _next(questions, done)
    if at is not None:
        desk.say(_rubric(judge))
    while at is not None:
        question = questions[at]
        desk.say(_shown(judge, question, at, len(questions), done.get(question.id)))
        said = _answer(judge, desk)
        if said == STOP:
            return
        if said == BACK:
            at = max(at - 1, 0)
            continue
        if said != done.get(question.id):
            book.add(entries_of(judge, question, said, author=author, at=desk.clock()))
            done[question.id] = said
        at = _next(questions, done)


def _next(questions: Sequence[Question], done: dict[str, str]) -> int | None:
    return next((at for at, one in enumerate(questions) if one.id not in done), None)


def _answer(judge: Judge, desk: Desk) -> str:
    """Return a choice, `b` or `q`; asks again until it is one of them."""
    choices = choices_of(judge)
    while True:
        line = desk.ask()
        if line is None:
            return STOP
        said = line.strip()
        choice = choice_of(judge, said) or _numbered(choices, said)
        if choice is not None:
            return choice
        if said.casefold() in (BACK, STOP):
            return said.casefold()
        desk.say(_rubric(judge) if said == RUBRIC else f"{said!r} is none of: {_menu(judge)}")


def _numbered(choices: Sequence[str], said: str) -> str | None:
    if any(one.strip().isdecimal() for one in choices):
        return None  # the scale's own words are numbers
    return choices[int(said) - 1] if said.isdecimal() and 1 <= int(said) <= len(choices) else None


def _menu(judge: Judge) -> str:
    choices = choices_of(judge)
    plain = any(one.strip().isdecimal() for one in choices)
    named = choices if plain else [f"{number} {one}" for number, one in enumerate(choices, 1)]
    return "   ".join([*named, "|", f"{BACK} back", f"{RUBRIC} rubric", f"{STOP} stop"])


def _rubric(judge: Judge) -> str:
    asked = "Which of the two answers is better?" if judge.form == "pair" else "How good is the answer?"
    return f"\n{judge.rubric.strip()}\n\n{asked}"


def _shown(judge: Judge, question: Question, at: int, total: int, before: str | None) -> str:
    lines = ["", f"── row {at + 1} of {total} " + "─" * 40]
    for name, text in parts_of(judge, question).items():
        lines += [name.replace("_", " "), *(f"  {line}" for line in (text or "(nothing)").split("\n")), ""]
    lines += [f"you said: {before}"] if before is not None else []
    return "\n".join([*lines, _menu(judge)])
