#!/usr/bin/env bash
# Re-locks the hash-pinned requirement files. Needs uv. The files name no registry.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
  uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links "$1" -o "requirements/$2.txt" "${@:3}"
}
lock requirements/bootstrap.in bootstrap --python-version 3.11
lock requirements/dev.in dev --python-version 3.11
lock requirements/embedded.in embedded --python-version 3.11
lock requirements/node.in node --python-version 3.11
lock requirements/kubernetes.in kubernetes --python-version 3.11
# What an image carries: its package's own needs, in the versions that the tests ran with, for Debian 13's Python.
for package in match-scraper-agent iron-claw missing-table; do
  lock "packages/$package/pyproject.toml" "images/$package" --python-version 3.13 -c requirements/dev.txt \
    --no-emit-package match-contract --no-emit-package match-scraper
done
for file in requirements/interop/*.in; do
  name=$(basename "$file" .in)
  lock "$file" "interop/$name" --python-version 3.11
done
lock requirements/images/build.in images/build --python-version 3.13 -c requirements/dev.txt
