"""What a judge or a person may say of an answer: the words of a scale, and what each counts. Pure."""

from genaiops.arena.model import Judge, Ruler
from genaiops.core import Digest, digest_json

LOST, TIE, WON = PAIR = ("lost", "tie", "won")
"""What is said of each of two answers; one is the other's reverse."""
OF_THE_FIRST = {"1": WON, "2": LOST, TIE: TIE}
"""What a person may say of two answers, and what that says of the one shown first."""


def judge_named(ruler: Ruler, scorer: str) -> Judge:
    """Return the judge `scorer` of a ruler; raises `ValueError` where it has none of that name."""
    for judge in ruler.judges:
        if judge.name == scorer:
            return judge
    raise ValueError(f"{scorer!r} is no judge of the suite {ruler.name!r}")


def judge_behind(ruler: Ruler, scorer: str) -> Judge | None:
    """Return the judge on whose word a scorer of a ruler rests: itself, or what it takes for right."""
    uses = {use.name: use for use in ruler.scorers}
    judges = {judge.name: judge for judge in ruler.judges}
    for _ in uses:
        if scorer in judges or scorer not in uses:
            break
        right = uses[scorer].parameters.get("right")
        scorer = right if isinstance(right, str) else ""
    return judges.get(scorer)


def words_of(judge: Judge) -> tuple[str, ...]:
    """Return what may be said of one answer, from worst to best."""
    return judge.scale if judge.form == "answer" else PAIR


def value_of(judge: Judge, word: str) -> float:
    """Return what a word counts: of k, the i-th from the worst is i / (k − 1)."""
    words = words_of(judge)
    return words.index(word) / (len(words) - 1)


def nearest(judge: Judge, value: float) -> str:
    """Return the word whose value is nearest; half-way between two, the better one.

    Of a pair, only an exact half is a tie: it is what a judge says that contradicts itself.
    """
    if judge.form == "pair":
        return WON if value > 0.5 else LOST if value < 0.5 else TIE
    return judge.scale[int(value * (len(judge.scale) - 1) + 0.5)]


def choices_of(judge: Judge) -> tuple[str, ...]:
    """Return what a person may answer: a word of the scale, or which of two answers is better."""
    return judge.scale if judge.form == "answer" else tuple(OF_THE_FIRST)


def choice_of(judge: Judge, text: str) -> str | None:
    """Return the choice that `text` names, whatever its capitals; None where it names none."""
    wanted, choices = text.strip(), choices_of(judge)
    if wanted in choices:
        return wanted
    alike = [one for one in choices if one.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else None


def rubric_digest(judge: Judge) -> Digest:
    """Return the digest of what people were asked: a label given under another rubric does not count."""
    return digest_json({"rubric": judge.rubric, "form": judge.form, "scale": list(words_of(judge))})
