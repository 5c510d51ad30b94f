"""What a person may say of an answer: the words of a judge's scale, and what each counts. Pure."""

from genaiops.arena.model import Judge, Ruler
from genaiops.core import Digest, digest_json, encode

PAIR = ("2", "tie", "1")
"""What may be said of two answers, as values of the first: it lost, a tie, it won."""


def judge_named(ruler: Ruler, scorer: str) -> Judge:
    """Return the judge `scorer` of a ruler; raises `ValueError` where it has none of that name."""
    for judge in ruler.judges:
        if judge.name == scorer:
            return judge
    raise ValueError(f"{scorer!r} is no judge of the suite {ruler.name!r}")


def words_of(judge: Judge) -> tuple[str, ...]:
    """Return what a person may say, from worst to best; of a pair, about the answer that is shown first."""
    return judge.scale if judge.form == "answer" else PAIR


def value_of(judge: Judge, word: str) -> float:
    """Return what a word counts: of k, the i-th from the worst is i / (k − 1)."""
    words = words_of(judge)
    return words.index(word) / (len(words) - 1)


def nearest(judge: Judge, value: float) -> str:
    """Return the word whose value is nearest; half-way between two, the better one."""
    words = words_of(judge)
    return words[int(value * (len(words) - 1) + 0.5)]


def rubric_digest(judge: Judge) -> Digest:
    """Return the digest of what people were asked: a label given under another rubric does not count."""
    return digest_json({"rubric": judge.rubric, "form": judge.form, "scale": encode(words_of(judge))})
