#!/usr/bin/env bats
# The examples run from a copy, and so do the pipelines that the manual shows
# first.

# shellcheck disable=SC2016 # much here is for other shells
bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect

# example NAME: a copy of that example becomes c.
example() {
	cp -R "$TOP/share/examples/$1" c
	rm -rf c/hpo
}

# trials N: the budget of c.
trials() {
	sed -i "s/^trials *= *[0-9]*/trials = $1/" c/campaign.ini
	grep -q "^trials = $1" c/campaign.ini
}

# ok N: all of N trials are, with finite objectives.
ok() {
	hpo-collect c | awk -F '\t' -v n="$1" '
	NR > 1 && $3 == "ok" && $9 == $9 + 0 { ok++ }
	END { if (ok != n || NR != n + 1) { print ok " of " NR - 1; exit 1 } }'
}

@test "examples: shell" {
	example shell
	run --separate-stderr hpo-dispatch --local -j 2 c
	same '0 ' "$status $stderr"
	same 20 "${#lines[@]}"
	ok 20
	# What the script says is what the table has.
	hpo-collect c | tail -n +2 | cut -f 9-11 |
		while read -r loss x y; do
			same "hpo: loss=$loss" "$(sh c/branin.sh "$x" "$y")"
		done
	run -0 --separate-stderr hpo-report c
	same '' "$stderr"
	[[ $output == *branin* ]]
	same "$(hpo-collect c | tail -n +2 | cut -f 9 | sort -g | head -n 1)" \
	    "$(hpo-report --format json c | jq '.best[0]."minimize.loss"')"
}

@test "examples: mlp" {
	command -v gunzip >/dev/null || skip 'needs gunzip'
	command -v "${CC:-cc}" >/dev/null || skip 'needs a compiler'
	example mlp
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C c
	trials 2
	# The quickest of its networks, for a few epochs of it.
	sed -i 's/^hidden_sizes.*/hidden_sizes = choice([64,64])/' c/campaign.ini
	run --separate-stderr hpo-dispatch --local -j 1 c
	same '0 ' "$status $stderr"
	ok 2
	hpo-collect c | awk -F '\t' 'NR > 1 && !($9 > 0 && $9 < 0.2) { exit 1 }'
	# It prints a learning curve.
	grep -qE '^val_error = 1 0\.[0-9]+, 2 0\.[0-9]+, 3 ' \
	    c/hpo/trials/0000/0000000/result.0.*.ini
	# The same point and seed give the same figure again.
	error=$(hpo-collect c | sed -n 2p | cut -f 9)
	cp -R c again
	rm -r again/hpo
	hpo-sample again >ids
	same "0	ok	$error" "$(hpo-trial again 0)"
}

@test "examples: sklearn" {
	example sklearn
	for python in python3 /usr/bin/python3 ''; do
		[ -n "$python" ] || skip 'needs a python3 with sklearn'
		! "$python" -c 'import sklearn' 2>/dev/null || break
	done
	sed -i "s|^command *= python3|command = $python|" c/campaign.ini
	trials 3
	run --separate-stderr hpo-dispatch --local -j 2 c
	same '0 ' "$status $stderr"
	ok 3
	hpo-collect c | awk -F '\t' '
	NR > 1 && !($9 > 0.05 && $9 <= 1) { exit 1 }
	NR > 1 && ($10 == "linear") != ($12 == "") { exit 1 }'
}

@test "examples: python, which asks and tells" {
	python3 -c 'import json, subprocess' 2>/dev/null || skip 'needs python3'
	example python
	trials 8
	run -0 --separate-stderr python3 c/ask.py c
	ok 8
	trials 9
	run -0 sh -c 'cd c && python3 ask.py' # as HPO_CAMPAIGN, or "."
	ok 9
	hpo-collect c | awk -F '\t' 'NR > 1 {
		x = $10; y = $11
		loss = (x * x + y - 11) ^ 2 + (x + y * y - 7) ^ 2
		if (loss - $9 > 1e-6 || $9 - loss > 1e-6) exit 1
	}'
}

# --- the pipelines of hpo(7) --------------------------------------------------

# The workers are GNU parallel's, which is to leave the user's home alone.
pipeline() {
	export PARALLEL_HOME=$PWD/parallel
	mkdir -p "$PARALLEL_HOME"
}

@test "pipeline: sample, run, collect and report through pipes" {
	pipeline
	example shell
	hpo-sample -n 12 c | parallel --plain -j4 hpo-trial c {} |
		hpo-collect c - | tee table | hpo-report - >report
	ok 12
	same 13 "$(wc -l <table)"
	# As they came, and all of them.
	diff <(hpo-collect c | sort) <(sort table)
	diff <(hpo-report table | sed 1d) <(sed 1d report)
	diff <(hpo-report --best 3 --format tsv - <table) \
	    <(hpo-report --best 3 --format tsv c)
}

@test "pipeline: a whole campaign, then one that goes on" {
	example shell
	trials 3
	hpo-dispatch --local c >out
	same 3 "$(wc -l <out)"
	trials 5
	hpo-dispatch --local c >out
	same $'3\n4' "$(cut -f 1 out | sort)"
	run -0 hpo-dispatch --status c
	[[ $output == *$'\ndone\t5\n'* ]]
	ok 5
}

@test "pipeline: a campaign that is copied or moved goes on" {
	example shell
	trials 4
	hpo-sample -n 4 c >ids
	hpo-trial c 0 1 >out
	cp -R c copy
	mv c moved
	for dir in copy moved; do
		run --separate-stderr hpo-dispatch --local $dir
		same '0 ' "$status $stderr"
		same '2 3' "$(echo "$output" | cut -f 1 | sort | xargs)"
		run -0 hpo-collect --fsck $dir
	done
	diff <(hpo-collect copy | cut -f 1,3,9-) \
	    <(hpo-collect moved | cut -f 1,3,9-)
}

@test "pipeline: four samplers at once make what one would" {
	example shell
	trials 1000
	for _ in 1 2 3 4; do
		hpo-sample -n 250 c 3>&- >>ids &
		pids+=" $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	sort -n ids | cmp - <(seq 0 999)
	example_of_one() {
		mkdir one
		cp c/campaign.ini one
		hpo-sample --dry-run -n 1000 one | tail -n +2 | cut -f 2-
	}
	diff <(hpo-collect --all c | tail -n +2 | cut -f 10-) \
	    <(example_of_one)
	run -0 hpo-sample --verify c
}
