#!/usr/bin/env bash
# Re-locks the hash-pinned requirement files. Needs uv. The files name no registry.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links "requirements/$1.in" -o "requirements/$1.txt" "${@:2}"
}
lock bootstrap
lock dev
lock embedded
lock node
