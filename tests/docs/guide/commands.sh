#!/usr/bin/env bash
# commands.sh SCRIPT: runs a page's commands in an empty folder, on a store of their own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export EVENT_BUS_BROKER="embedded:$folder/events"
bash "$1"
