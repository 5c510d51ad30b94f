#!/usr/bin/env bash
# Checks the evidence in $1 against this repository, replaces the one comment on the pull request, sets the status.
# From the environment: REPOSITORY (owner/name), HEAD (the measured commit), RUN_URL, GH_TOKEN for `gh`.
set -euo pipefail
evidence=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pick() { python3 -c "import json, os, sys; $1" "${@:2}"; }

# which pull request is asked of GitHub, never of the evidence: a change could name another one there
gh api "repos/$REPOSITORY/commits/$HEAD/pulls" > "$work/pulls.json"
found=$(pick 'print(*next(((p["number"], p["base"]["ref"]) for p in json.load(open(sys.argv[1]))
  if p["state"] == "open" and p["head"]["sha"] == os.environ["HEAD"]), ()))' "$work/pulls.json")
[ -n "$found" ] || { echo "no open pull request has the head $HEAD"; exit 0; }
read -r number base <<< "$found"

git fetch --quiet --no-tags origin "+refs/heads/$base:refs/arena/base" "+refs/pull/$number/head:refs/arena/head"

status=0
genaiops arena verify "$evidence" --any-signer --base refs/arena/base --head "$HEAD" --json \
  > "$work/result.json" || status=$?
if [ "$status" = 0 ]; then
  genaiops arena show "$evidence" --markdown "$work/comment.md" > /dev/null
  read -r state words < <(pick 'o = json.load(open(sys.argv[1]))["outcome"]; print(*{
    "pass": ("success", "merge: every claim is proven"), "fail": ("failure", "do not merge"),
    "inconclusive": ("pending", "not decided yet")}[o])' "$work/result.json")
else
  state=error words="the evidence was refused, or there is none"
  printf '%s\n\n%s\n' '<!-- genaiops-arena -->' \
    "**ARENA has no evidence that holds for $HEAD.** [The run]($RUN_URL) says more." > "$work/comment.md"
fi

gh api --paginate --slurp "repos/$REPOSITORY/issues/$number/comments" > "$work/comments.json"
ours=$(pick 'print(next((c["id"] for page in json.load(open(sys.argv[1])) for c in page
  if c["user"]["type"] == "Bot" and c["body"].startswith("<!-- genaiops-arena")), ""))' "$work/comments.json")
if [ -n "$ours" ]; then
  gh api --method PATCH "repos/$REPOSITORY/issues/comments/$ours" -F "body=@$work/comment.md" > /dev/null
else
  gh api --method POST "repos/$REPOSITORY/issues/$number/comments" -F "body=@$work/comment.md" > /dev/null
fi
gh api --method POST "repos/$REPOSITORY/statuses/$HEAD" -f "state=$state" -f context=arena \
  -f "description=$words" -f "target_url=$RUN_URL" > /dev/null
echo "pull request $number: $state ($words)"
