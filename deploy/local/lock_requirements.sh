#!/usr/bin/env bash
# Resolves pyproject.toml into requirements/*.lock: exact versions with hashes, for every platform, no registry named.
set -eu
cd "$(dirname "$0")/../.."
compile() {
  local name=$1; shift
  .venv/bin/python -m uv --quiet pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-annotate --no-header "$@" --output-file "requirements/$name.lock"
  echo "requirements/$name.lock: $(grep -c '==' "requirements/$name.lock") packages"
}
# The one that everybody here installs; the others, subsets of it, are for the images.
compile all --all-extras
for service in orders routing notify; do
  compile "$service" --extra "$service" --constraint requirements/all.lock
done
# What only `make bench-planner` installs, beside all the rest.
compile bench --group pyproject.toml:bench --constraint requirements/all.lock
