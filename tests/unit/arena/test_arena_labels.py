"""Which answers people are asked about, blind; how labels are kept, and which of them may count."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from tests.support.judged_run import BETTER, GRADED, HELPFUL, make_run, output, usual_answers

from genaiops.arena.drawing import draw_order
from genaiops.arena.labels.book import LabelBook
from genaiops.arena.labels.counting import choices_by, entries_of, labels_of
from genaiops.arena.labels.sample import Question, questions_of
from genaiops.arena.labels.showing import parts_of
from genaiops.arena.labels.terminal import Desk, ask_all
from genaiops.arena.model import Judge, Label, Run
from genaiops.arena.said import answer_digest
from genaiops.arena.scale import choice_of, nearest, rubric_digest, value_of
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

AT = "2026-11-25T10:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / ".genaiops") as opened:
        yield opened


def swapped(run: Run) -> Run:
    """Return the run with its arms exchanged; everything else stays."""
    other = {"baseline": "candidate", "candidate": "baseline"}
    return replace(
        run,
        rows=tuple(replace(row, role=other[row.role]) for row in run.rows),
        scores={other[role]: scores for role, scores in run.scores.items()},
    )


def give(store: Store, judge: Judge, questions: list[Question], choice: str, author: str = "ann") -> None:
    LabelBook(store).add(
        entry for one in questions for entry in entries_of(judge, one, choice, author=author, at=AT)
    )


def values(labels: tuple[Label, ...]) -> dict[tuple[str, str], list[float | None]]:
    found: dict[tuple[str, str], list[float | None]] = {}
    for one in labels:
        found.setdefault((one.role, one.case), []).append(one.annotation.value)
    return found


# which answers are asked about


@pytest.mark.proves("B-LABEL-BLIND")
@pytest.mark.parametrize("judge", [HELPFUL, GRADED, BETTER])
def test_what_is_asked_is_the_same_whichever_arm_gave_which_answer(judge: Judge) -> None:
    run = make_run(judge=judge)
    here, there = (questions_of(one, judge, 12) for one in (run, swapped(run)))
    assert here == there
    assert [parts_of(judge, one) for one in here] == [parts_of(judge, one) for one in there]


@pytest.mark.proves("B-LABEL-BLIND")
def test_nothing_that_is_shown_names_the_case_an_arm_a_score_or_a_time() -> None:
    run = make_run(judge=GRADED)
    for question in questions_of(run, GRADED, 16):
        shown = " ".join(parts_of(GRADED, question).values())
        for hidden in ("baseline", "candidate", "case-", "reason of the judge", "987", "0.123", "p-"):
            assert hidden not in shown
        assert set(parts_of(GRADED, question)) == {"inputs", "expected", "passages", "answer"}


@pytest.mark.proves("B-LABEL-BLIND")
def test_the_two_answers_of_a_case_are_asked_far_apart_and_the_arms_come_mixed() -> None:
    run = make_run(count=40)
    questions = questions_of(run, HELPFUL, 40)
    of_baseline = {answer_digest(row.case, row.output) for row in run.rows if row.role == "baseline"}
    places: dict[str, list[int]] = {}
    for at, one in enumerate(questions):
        places.setdefault(one.case.id, []).append(at)
    assert min(b - a for a, b in (pair for pair in places.values() if len(pair) == 2)) > 1
    runs = [one.subjects[0] in of_baseline for one in questions]
    halves = Counter(runs[: len(runs) // 2])
    assert 8 <= halves[True] <= 32, "neither half is one arm's"
    changes = sum(a != b for a, b in pairwise(runs))
    assert 20 <= changes <= 60, "neither blocks nor turns"


@pytest.mark.proves("B-LABEL-DRAWN")
def test_the_sample_is_the_first_cases_of_an_order_that_the_seed_gives() -> None:
    run = make_run()
    order = draw_order(run.scores, "helpful", run.seed)
    assert {one.case.id for one in questions_of(run, HELPFUL, 5)} == set(order[:5])
    assert order != draw_order(run.scores, "helpful", "another seed")
    assert order != sorted(order)


def test_of_repeats_the_first_must_have_a_value() -> None:
    run = make_run(4)
    scores = {
        role: tuple(replace(one, repeat=1) if one.case == "case-02" else one for one in rows)
        for role, rows in run.scores.items()
    }
    assert "case-02" not in draw_order(scores, "helpful", run.seed)


@pytest.mark.proves("B-LABEL-SETTLED")
def test_equal_answers_are_asked_once_and_failed_ones_never() -> None:
    questions = questions_of(make_run(16), HELPFUL, 16)
    asked = Counter(one.case.id for one in questions)
    assert {case for case, times in asked.items() if times == 1} == {
        *("case-03", "case-07", "case-11", "case-15"),  # equal
        "case-01",  # the candidate failed
    }
    assert len(questions) == 27
    assert all(one.status == "ok" for question in questions for one in question.outputs)


# which labels count


@pytest.mark.proves("B-LABEL-SETTLED")
def test_a_failed_answer_is_labelled_by_code_and_an_equal_one_on_both_arms(store: Store) -> None:
    run = make_run()
    give(store, HELPFUL, questions_of(run, HELPFUL, 16), "yes")
    labels = labels_of(run, ["helpful"], store)
    assert len(labels) == 32
    failed = [one for one in labels if one.annotation.by == "code"]
    assert [(one.role, one.case, one.annotation.value, one.annotation.author) for one in failed] == [
        ("candidate", "case-01", 0.0, "genaiops")
    ]
    both = [one.annotation.subject for one in labels if one.case == "case-03"]
    assert len(both) == 2
    assert len(set(both)) == 1


@pytest.mark.proves("B-LABEL-DRAWN")
def test_labels_count_up_to_the_first_drawn_case_that_lacks_one(store: Store) -> None:
    run = make_run()
    order = draw_order(run.scores, "helpful", run.seed)
    everything = questions_of(run, HELPFUL, 16)
    give(store, HELPFUL, [one for one in everything if one.case.id != order[3]], "yes")
    assert {one.case for one in labels_of(run, ["helpful"], store)} == set(order[:3])
    give(store, HELPFUL, [one for one in everything if one.case.id == order[3]][:1], "yes")
    assert {one.case for one in labels_of(run, ["helpful"], store)} == set(order[:3]), "one arm is not both"
    give(store, HELPFUL, [one for one in everything if one.case.id == order[3]], "yes")
    assert [one.case for one in labels_of(run, ["helpful"], store)][::2] == order


@pytest.mark.proves("B-LABEL-KEPT")
def test_a_correction_replaces_and_every_author_counts(store: Store) -> None:
    run = make_run()
    questions = questions_of(run, HELPFUL, 1)
    give(store, HELPFUL, questions, "yes")
    give(store, HELPFUL, questions, "no", author="ben")
    give(store, HELPFUL, questions, "no")
    assert {tuple(one) for one in values(labels_of(run, ["helpful"], store)).values()} == {(0.0, 0.0)}
    give(store, HELPFUL, questions, "yes")
    assert {tuple(one) for one in values(labels_of(run, ["helpful"], store)).values()} == {(0.0, 1.0)}
    assert choices_by("ben", HELPFUL, questions, LabelBook(store)) == {one.id: "no" for one in questions}


@pytest.mark.proves("B-LABEL-KEPT")
def test_labels_of_an_answer_that_did_not_change_are_found_again_in_a_later_run(store: Store) -> None:
    run = make_run()
    give(store, HELPFUL, questions_of(run, HELPFUL, 16), "yes")
    again = usual_answers(16)
    again["candidate"] = [
        replace(one, text=f"new {one.text}") if one.text else one for one in again["candidate"]
    ]
    later = make_run(answers=again, seed="another")
    done = choices_by("ann", HELPFUL, questions_of(later, HELPFUL, 16), LabelBook(store))
    assert len(done) == 16, "the baseline's"
    assert labels_of(later, ["helpful"], store) == (), "the candidate's are to do"


@pytest.mark.proves("B-LABEL-KEPT")
def test_labels_given_under_another_rubric_or_scale_do_not_count(store: Store) -> None:
    run = make_run()
    give(store, HELPFUL, questions_of(run, HELPFUL, 16), "yes")
    for judge in (replace(HELPFUL, rubric="Another."), replace(HELPFUL, scale=("yes", "no"))):
        other = make_run(judge=judge)
        assert labels_of(other, ["helpful"], store) == ()
        ids = {one.id for one in questions_of(run, HELPFUL, 16)}
        assert ids.isdisjoint(one.id for one in questions_of(other, judge, 16))
    told = replace(HELPFUL, model="another:model")
    assert len(labels_of(make_run(judge=told), ["helpful"], store)) == 32, "who judges does not matter"


# pairs


@pytest.mark.proves("B-LABEL-PAIR")
def test_a_label_of_a_pair_says_of_both_answers_which_is_better(store: Store) -> None:
    run = make_run(judge=BETTER)
    questions = questions_of(run, BETTER, 16)
    assert len(questions) == 11, "neither equal ones nor one beside a failure is asked"
    give(store, BETTER, questions, "1")
    found = values(labels_of(run, ["better"], store))
    for question in questions:
        for role in ("baseline", "candidate"):
            row = next(one for one in run.rows if (one.role, one.case) == (role, question.case.id))
            first = answer_digest(row.case, row.output) == question.subjects[0]
            assert found[role, row.case] == [float(first)]
    assert (found["candidate", "case-01"], found["baseline", "case-01"]) == ([0.0], [1.0])
    assert (found["candidate", "case-03"], found["baseline", "case-03"]) == ([0.5], [0.5])
    firsts = {answer_digest(row.case, row.output) for row in run.rows if row.role == "baseline"}
    assert 2 <= sum(one.subjects[0] in firsts for one in questions) <= 9, "neither arm is always first"


@pytest.mark.proves("B-LABEL-PAIR")
def test_a_label_of_a_pair_does_not_count_beside_another_rival(store: Store) -> None:
    run = make_run(judge=BETTER)
    give(store, BETTER, questions_of(run, BETTER, 16), "tie")
    other = usual_answers(16)
    other["candidate"] = [output(f"quite another {number}") for number in range(16)]
    assert labels_of(make_run(judge=BETTER, answers=other), ["better"], store) == ()


# the scale


def test_a_word_counts_by_its_place_and_may_be_written_in_any_capitals() -> None:
    assert [value_of(GRADED, word) for word in GRADED.scale] == [0.0, 0.5, 1.0]
    assert choice_of(GRADED, " Fair ") == "fair"
    assert choice_of(GRADED, "great") is None
    assert choice_of(replace(HELPFUL, scale=("a", "A")), "A") == "A"
    assert [nearest(GRADED, value) for value in (0.0, 0.2, 0.25, 0.7, 0.75, 1.0)] == [
        *("poor", "poor", "fair", "fair", "good", "good")
    ]
    assert [nearest(BETTER, value) for value in (0.25, 0.5, 0.75)] == ["lost", "tie", "won"]
    assert rubric_digest(HELPFUL) == rubric_digest(replace(HELPFUL, max_tokens=9, anchors=None))


# at a terminal


class Person:
    """Somebody who types lines and sees what is said."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.seen: list[str] = []
        self.desk = Desk(say=self.seen.append, ask=self.ask, clock=lambda: AT)

    def ask(self) -> str | None:
        return self.lines.pop(0) if self.lines else None


@pytest.mark.proves("B-LABEL-RESUME")
def test_who_stops_goes_on_where_they_stopped_and_each_label_is_kept_at_once(store: Store) -> None:
    run, book = make_run(), LabelBook(store)
    questions = questions_of(run, HELPFUL, 3)
    first = Person("yes", "2", "q")
    ask_all(HELPFUL, questions, book, "ann", first.desk)
    assert len(choices_by("ann", HELPFUL, questions, book)) == 2
    second = Person(*["no"] * 20)
    ask_all(HELPFUL, questions, book, "ann", second.desk)
    assert f"row 3 of {len(questions)} " in second.seen[1]
    assert len(second.lines) == 20 - (len(questions) - 2)
    said = list(choices_by("ann", HELPFUL, questions, book).values())
    assert Counter(said) == {"yes": 2, "no": len(questions) - 2}
    assert HELPFUL.rubric in second.seen[0]
    third = Person()
    ask_all(HELPFUL, questions, book, "ann", third.desk)
    assert third.seen == [], "nothing is left to ask"


def test_one_can_go_back_read_the_rubric_again_and_not_pass_a_row_over(store: Store) -> None:
    run, book = make_run(), LabelBook(store)
    questions = questions_of(run, HELPFUL, 3)
    person = Person("b", "1", "b", "yes", "?", "s", "", "3", "no")
    ask_all(HELPFUL, questions, book, "ann", person.desk)
    done = choices_by("ann", HELPFUL, questions, book)
    assert [done.get(one.id) for one in questions][:3] == ["yes", "no", None]
    assert "you said: no" in "\n".join(person.seen)
    assert sum(HELPFUL.rubric in one for one in person.seen) == 2
    refused = [one.partition(":")[0] for one in person.seen if "is none of" in one]
    assert refused == ["'s' is none of", "'' is none of", "'3' is none of"]


def test_where_the_scale_is_numbers_a_number_is_the_word_itself(store: Store) -> None:
    judge = replace(HELPFUL, scale=("0", "1", "2"))
    questions = questions_of(make_run(judge=judge), judge, 2)[:2]
    ask_all(judge, questions, LabelBook(store), "ann", Person("2", "3", "1").desk)
    assert list(choices_by("ann", judge, questions, LabelBook(store)).values()) == ["2", "1"]


def test_turns_data_tool_calls_and_silence_are_shown_and_control_sequences_are_not() -> None:
    said = output("\x1b[31mred\x1b[0m \u202etxt", data={"a": 1}, abstained=True)
    talk = output("last", turns=(output("first"), output("last")))
    answers = {"baseline": [said, talk], "candidate": [output("x"), output("y")]}
    shown = {
        parts_of(HELPFUL, one)["answer"] for one in questions_of(make_run(2, answers=answers), HELPFUL, 2)
    }
    assert 'red txt\n{"a": 1}\n(it declined to answer)' in shown
    assert "1. first\n2. last" in shown
