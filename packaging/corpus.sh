#!/bin/sh
# Keeps what fuzzing has found worth keeping.
#
#   corpus.sh DIR FUZZTARGET N    copy the N smallest inputs from Go's cache to testdata
set -eu
from=$(go env GOCACHE)/fuzz/$(go list -m)/$1/$2
to=$1/testdata/fuzz/$2
if [ "$3" -gt 0 ] && [ -d "$from" ]; then
	mkdir -p "$to"
	# shellcheck disable=SC2012 # Go names them by their hash
	ls -Sr "$from" | head -n "$3" | while read -r input; do
		cp "$from/$input" "$to/"
	done
fi
