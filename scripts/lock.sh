#!/usr/bin/env bash
# Writes requirements.lock and requirements-dev.lock from pyproject.toml. Run after changing a dependency.
#
# torch is left out: which build is right (CPU or GPU) depends on the machine, so setup.sh asks for its exact
# version by itself, after everything that it needs has been installed from the lock.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() { # compile OUTPUT [pip-compile options]
    local output=$1
    shift
    cp "$output" "$output.new" # pins that still fit are kept; delete the lock file first to renew them all
    .venv/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options "$@" -o "$output.new" pyproject.toml
    awk '/^[^ #]/ { skip = /^torch==/ } !skip' "$output.new" > "$output"
    rm "$output.new"
}

# What both need has one version: a tool for developers may hold a library back, and is tested with what users get.
compile requirements-dev.lock --extra dev
compile requirements.lock --constraint requirements-dev.lock
