#!/usr/bin/env bash
# Brings what this checkout needs and nothing more than once: Python packages by hash, Kafka's jars, its class archive.
set -eu
cd "$(dirname "$0")/../.."
stamp=.venv/set-up.stamp
search="services/routing/planning/visit_cost.py services/routing/planning/ruin_and_recreate/*.py"
now=$(sha256sum requirements/*.lock deploy/local/kafka/jars.lock deploy/local/set_up.sh $search | sha256sum)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/baimi
if [ "$(cat $stamp 2>/dev/null)" = "$now" ] && [ -d "$cache/jars" ]; then exit 0; fi

say() { printf '%s\n' "set-up: $* (${SECONDS} s)"; }
lacks() { printf '%s\n' "set-up: $1" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.11 python3.12 python3.13; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"; return
    fi
  done
  lacks "Python 3.11 or newer is missing: 'apt-get install python3 python3-venv' brings it on Debian 12"
}

if [ ! -x .venv/bin/pip ]; then
  python=$(find_python)
  rm -rf .venv
  # Without ensurepip, Debian's Python makes half an environment and then complains.
  "$python" -m venv .venv >/dev/null 2>&1 \
    || { rm -rf .venv; lacks "Python cannot make virtual environments: 'apt-get install python3-venv' brings that"; }
  say "virtual environment with $("$python" --version)"
fi

install() {
  if .venv/bin/python -m uv --version >/dev/null 2>&1 \
    || .venv/bin/python -m pip install --quiet --require-hashes -r requirements/uv.lock; then
    # Copies, not links: PostgreSQL's and Java's files must stay what they are when a cache is cleaned.
    .venv/bin/python -m uv pip install --quiet --python .venv/bin/python --link-mode copy \
      --require-hashes -r requirements/all.lock && return
    say "uv could not; trying pip"
  fi
  .venv/bin/python -m pip install --quiet --require-hashes -r requirements/all.lock
}
install || lacks "Python packages could not be brought: is there a network, or a PIP_INDEX_URL to set?"
say "Python packages"
# Bytecode of what the services load, made now, saves the first start ten seconds; uv leaves it to the first import.
modules="deploy.local.launcher deploy.migrations.migrate services.orders.main services.routing.main services.notify.main"
for module in $modules; do .venv/bin/python -c "import $module" >/dev/null 2>&1 || true; done &
# The planner's search as machine code; without it plans come all the same, from a search fifty times slower.
.venv/bin/python -m services.routing.planning.ruin_and_recreate.compiled \
  || say "the planner's search could not be compiled: plans will be dearer" &
.venv/bin/python -W ignore -m deploy.local.kafka.fetch_jars
.venv/bin/python -m deploy.local.kafka.train_archive
wait
echo "$now" > $stamp
say "done"
