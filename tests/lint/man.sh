#!/bin/sh
# The manuals are clean, and refer to pages of ours that exist.
set -eu
command -v mandoc >/dev/null || exit 77
ls man/*.[157] >/dev/null 2>&1 || exit 77
tree=build/lint-man
rm -rf $tree
for f in man/*.[157]; do
	mkdir -p "$tree/man${f##*.}"
	cp "$f" "$tree/man${f##*.}"
done
PATH=$PATH:/usr/sbin:/sbin makewhatis $tree
# Pages of others (sbatch, parallel) need not be here; NAMES is no typo.
! MANPATH=$PWD/$tree mandoc -T lint -W style man/*.[157] | grep -vE \
    'referenced manual not found: Xr ([^h]|h[^p]|hp[^o])|typo in section name'
