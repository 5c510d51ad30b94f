"""The tables of what the forms of the assistant give as sources, and of where they are silent."""

from scripts.measured import interval, measured, table

_FORMS = ("naive", "honest", "production")
_POOLED = {
    "correct": "right",
    "wrong": "wrong",
    "right sources, shown": "right sources, of all that is shown",
    "right sources, first": "right sources, of the nearest passage or the citation",
    "silent without an answer": "silent where there is no answer",
    "silent with an answer": "silent where there is one",
}
_SAID = {"shown": "all that it shows", "first": "its nearest passage, or its citation"}


def sources() -> str:
    """Return the share of right sources of each form, and production minus it."""
    rows: list[list[str]] = []
    for name, one in measured("production_form").items():
        for kind, found in one["sources"].items():
            for form in _FORMS:
                mean, versus = found[form], found.get(f"production - {form}")
                right = "" if mean["right"] is None else f"{mean['right']:.2f}"
                rows.append(
                    [f"`{name}`: {_SAID[kind]}", form, str(mean["answered"]), right, interval(versus)]
                )
    head = ["set, what counts as its sources", "form", "answered", "right sources", "production − it"]
    return table(head, rows)


def silence() -> str:
    """Return where each form is silent, and production minus it."""
    rows: list[list[str]] = []
    for name, one in measured("production_form").items():
        for form in _FORMS:
            found, kept = one["silence"][form], one["unanswerable"]
            without, having = (
                interval(one["silence"].get(f"production - {form}: silent {which} an answer"))
                for which in ("without", "with")
            )
            silent = found["silent"] - found["rightly"]
            counts = [f"{found['rightly']} of {kept}", f"{silent} of {one['questions'] - kept}"]
            rows.append([f"`{name}`", form, *counts, without, having])
    head = ["set", "form", "silent where there is no answer", "where there is one"]
    return table([*head, "no answer: production − it", "an answer: production − it"], rows)


def pooled() -> str:
    """Return production minus the earlier forms over all sets."""
    found = measured("production_form_pooled")
    naive, honest = (found[f"production - {form}"] for form in _FORMS[:2])
    rows = [[_POOLED[what], interval(naive[what]), interval(honest[what])] for what in _POOLED]
    head = f"{found['questions']} questions in {found['clusters']} clusters"
    return table([head, "production − naive", "production − honest"], rows)
