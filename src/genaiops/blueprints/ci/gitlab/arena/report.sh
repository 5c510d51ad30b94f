#!/usr/bin/env bash
# For every open merge request whose head was measured and not reported yet: checks its evidence against this
# repository, replaces the one note, sets the status. From the environment: CI_API_V4_URL, CI_PROJECT_ID, ARENA_TOKEN.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# the token goes through standard input: on a command line every process could read it
api() { printf 'header = "PRIVATE-TOKEN: %s"\n' "$ARENA_TOKEN" |
  curl --config - --fail --silent --show-error "${@:2}" "$CI_API_V4_URL/$1"; }
pick() { python3 -c "import json, sys; $1" "${@:2}"; }
mine=projects/$CI_PROJECT_ID

report() { # merge request, head, target branch, pipeline, its project
  local iid=$1 head=$2 target=$3 pipeline=$4 project=projects/$5 job state words note
  api "$mine/repository/commits/$head/statuses?name=arena" > "$work/statuses.json"
  [ "$(pick 'print(len(json.load(open(sys.argv[1]))))' "$work/statuses.json")" = 0 ] || return 0
  api "$project/pipelines/$pipeline/jobs?per_page=100" > "$work/jobs.json"
  job=$(pick 'print(next((j["id"] for j in json.load(open(sys.argv[1]))
    if j["name"] == "arena-measure" and j["status"] in ("success", "failed")), ""))' "$work/jobs.json")
  [ -n "$job" ] || return 0
  rm -rf "$work/evidence" "$work/files.zip" "$work/result.json"
  mkdir "$work/evidence"
  if api "$project/jobs/$job/artifacts" --location --output "$work/files.zip"; then
    python3 -m zipfile -e "$work/files.zip" "$work/evidence"
  fi
  git fetch --quiet --no-tags origin "+refs/heads/$target:refs/arena/base" \
    "+refs/merge-requests/$iid/head:refs/arena/head"
  if genaiops arena verify "$work/evidence/arena-evidence" --any-signer --base refs/arena/base --head "$head" \
    --json > "$work/result.json"; then
    genaiops arena show "$work/evidence/arena-evidence" --markdown "$work/note.md" > /dev/null
    read -r state words < <(pick 'o = json.load(open(sys.argv[1]))["outcome"]; print(*{
      "pass": ("success", "merge: every claim is proven"), "fail": ("failed", "do not merge"),
      "inconclusive": ("pending", "not decided yet")}[o])' "$work/result.json")
  else
    state=failed words="the evidence was refused, or there is none"
    printf '%s\n\n%s\n' '<!-- genaiops-arena -->' "**ARENA has no evidence that holds for $head.**" > "$work/note.md"
  fi
  api "$mine/merge_requests/$iid/notes?per_page=100&sort=asc" > "$work/notes.json"
  note=$(pick 'print(next((n["id"] for n in json.load(open(sys.argv[1]))
    if n["author"]["id"] == int(sys.argv[2]) and n["body"].startswith("<!-- genaiops-arena")), ""))' \
    "$work/notes.json" "$me")
  api "$mine/merge_requests/$iid/notes${note:+/$note}" --request "$([ -n "$note" ] && echo PUT || echo POST)" \
    --data-urlencode "body@$work/note.md" > /dev/null
  api "$mine/statuses/$head" --request POST --data-urlencode "state=$state" --data-urlencode name=arena \
    --data-urlencode "description=$words" > /dev/null
  echo "merge request $iid: $state ($words)"
}

me=$(api user | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
api "$mine/merge_requests?state=opened&per_page=100" > "$work/open.json"
for iid in $(pick 'print(*(int(m["iid"]) for m in json.load(open(sys.argv[1]))))' "$work/open.json"); do
  api "$mine/merge_requests/$iid" > "$work/one.json"
  facts=$(pick 'm = json.load(open(sys.argv[1])); p = m.get("head_pipeline") or {}
if p and p.get("sha") == m["sha"]: print(m["sha"], m["target_branch"], p["id"], p["project_id"])' "$work/one.json")
  # shellcheck disable=SC2086  four words: a branch's name holds no blank
  [ -z "$facts" ] || report "$iid" $facts
done
