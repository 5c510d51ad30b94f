"""A stand-in for GitHub's command `gh`: its pull requests, comments and statuses lie in $GH_STATE as JSON."""

import json
import os
import re
import sys
from itertools import pairwise
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Answer `gh api [--method M] [--paginate] [--slurp] PATH [-f|-F key=value …]`."""
    file = Path(os.environ["GH_STATE"])
    state = json.loads(file.read_text("utf-8"))
    method = arguments[arguments.index("--method") + 1] if "--method" in arguments else "GET"
    path = next(one for one in arguments[1:] if one.startswith("repos/"))
    fields: dict[str, str] = {}
    for flag, pair in pairwise(arguments):
        if flag in ("-f", "-F"):
            key, value = pair.split("=", 1)
            named = flag == "-F" and value.startswith("@")
            fields[key] = Path(value[1:]).read_text("utf-8") if named else value
    print(json.dumps(answer(state, method, path.split("/", 3)[3], fields)))
    file.write_text(json.dumps(state), "utf-8")


def answer(state: dict, method: str, path: str, fields: dict[str, str]) -> object:
    """Return what GitHub would, and keep what was written."""
    state["calls"].append(f"{method} {path}")
    comments: list[dict] = state["comments"]
    if re.fullmatch(r"commits/\w+/pulls", path):
        return state["pulls"]
    if method == "GET" and re.fullmatch(r"issues/\d+/comments", path):
        return [comments]
    if method == "POST" and re.fullmatch(r"issues/\d+/comments", path):
        comments.append({"id": len(comments) + 1, "user": {"type": "Bot"}, **fields})
        return comments[-1]
    if method == "PATCH" and (found := re.fullmatch(r"issues/comments/(\d+)", path)):
        comments[int(found[1]) - 1].update(fields)
        return comments[int(found[1]) - 1]
    if method == "POST" and path.startswith("statuses/"):
        state["statuses"].append({"sha": path.split("/")[1], **fields})
        return fields
    raise SystemExit(f"no such call: {method} {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
