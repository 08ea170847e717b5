#!/usr/bin/env bats
# A worker that was written from hpo-queue(7) alone takes part in a campaign.

bats_require_minimum_version 1.8.0
load ../lib/helper

STRANGER=${BATS_TEST_DIRNAME}/stranger.sh

# bowl TRIALS: a campaign, c, whose trials all wait.
bowl() {
	campaign c <<-EOT
		[campaign]
		minimize = height
		trials   = $1
		[space]
		x = uniform(-2, 2)
		y = loguniform(1e-3, 1)
		[run]
		command = awk 'BEGIN { print "hpo: height=" (({x} - 1)^2 + {y}) }'
	EOT
	hpo-sample -n "$1" c >/dev/null
}

# held_stranger: start one that is held up while it makes an objective, until
# there is a file go; its pid is in $stranger then, that of what it waits for
# in the file NUMBER.held.
held_stranger() {
	mkdir -p slow
	cat >slow/awk <<-EOT
		#!/bin/sh
		echo \$\$ >"$PWD/\$\$.held"
		until [ -e "$PWD/go" ]; do sleep 0.1; done # sleep: the command
		exec $(command -v awk) "\$@"
	EOT
	chmod +x slow/awk
	rm -f ./*.held
	PATH=$PWD/slow:$PATH "$STRANGER" c 3>&- &
	stranger=$!
	wait_for 10 compgen -G '*.held'
}

# counts PATTERN: how many files of hpo/ match.
counts() {
	compgen -G "c/hpo/$1" | wc -l
}

@test "stranger: it is forty lines of sh, whatever sh" {
	[ "$(grep -vcE '^[[:space:]]*(#|$)' "$STRANGER")" -le 40 ]
	for shell in dash bash busybox; do
		command -v $shell >/dev/null || continue
		[ $shell != busybox ] || shell='busybox sh'
		rm -rf c
		bowl 2
		$shell "$STRANGER" c
		[ "$(counts 'done/0000/*')" -eq 2 ]
	done
}

@test "stranger: two of them and a worker of ours share twenty trials" {
	bowl 20
	held_stranger
	strangers=$stranger
	held_stranger
	strangers+=" $stranger"
	hpo-trial --loop c >out &
	worker=$!
	wait_for 10 test -s out
	touch go
	# shellcheck disable=SC2086 # two
	wait $strangers $worker

	run -0 --separate-stderr hpo-collect c
	same_rows=$(awk -F '\t' '
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{
		made = (($at["param.x"] - 1) ^ 2 + $at["param.y"]) ""
		print $at["id"], $at["attempt"], $at["status"], $at["cause"] \
		    ($at["minimize.height"] == made ? "" : " not " made)
	}' <<<"$output")
	diff <(for i in $(seq 0 19); do echo "$i 0 ok "; done) - <<<"$same_rows"
	run -0 --separate-stderr hpo-collect --fsck c
	[ "$output" = '20 trials: 20 done; clean' ]

	# Each once, and each of the three had its share.
	[ "$(counts 'trials/0000/*/result.*')" -eq 20 ]
	[ "$(wc -l <out)" -ge 1 ]
	[ "$(sed -n 's/^worker = //p' c/hpo/trials/0000/*/result.* | sort -u |
		wc -l)" -eq 3 ]
	[ "$(counts 'running/*')" -eq 0 ]
	[ "$(counts 'tmp/*')" -eq 0 ]
}

@test "stranger: one that is killed is reclaimed, with what it ran, by the dispatcher" {
	bowl 3
	held_stranger
	kill -KILL "$stranger"
	wait_for 10 gone "$stranger"
	run ! gone "$(cat ./*.held)"
	[ "$(counts 'running/*/0000000.0')" -eq 1 ]

	run -0 --separate-stderr hpo-dispatch --local -j 2 c
	wait_for 10 gone "$(cat ./*.held)"
	run -0 --separate-stderr hpo-collect c
	[ "$(cut -f 1-4 <<<"$output")" = "$(printf '%s\t%s\t%s\t%s\n' \
	    id attempt status cause 0 1 ok '' 1 0 ok '' 2 0 ok '')" ]
	[ "$(sed -n 's/^status = //p' c/hpo/trials/0000/0000000/result.0.*)" = lost ]
}

@test "stranger: what the user wants holds for it" {
	bowl 3
	hpo-dispatch --drain c
	"$STRANGER" c
	[ "$(counts 'ready/0000/*')" -eq 3 ]
	[ "$(counts 'running/*')" -eq 0 ]

	hpo-dispatch --resume c
	hpo-dispatch --pause c
	"$STRANGER" c 3>&- &
	wait_for 10 compgen -G 'c/hpo/running/*/heartbeat'
	first=$(cat c/hpo/running/*/heartbeat)
	beats() {
		[ "$(cat c/hpo/running/*/heartbeat)" != "$first" ]
	}
	wait_for 10 beats
	[ "$(counts 'ready/0000/*')" -eq 3 ]
	hpo-dispatch --resume c
	wait $!
	[ "$(counts 'done/0000/*')" -eq 3 ]
}

@test "stranger: what it says of a damaged trial is understood" {
	bowl 2
	sed -i 's/^x = .*/x = 1/' c/hpo/trials/0000/0000000/trial.ini
	"$STRANGER" c
	run -0 --separate-stderr hpo-collect c
	[ "$(cut -f 1-4 <<<"$output" | sed -n 2,3p)" = "$(printf '%s\t%s\t%s\t%s\n' \
	    0 0 failed 'trial file damaged' 1 0 ok '')" ]
	run -0 --separate-stderr hpo-trial c 0
	[ "$output" = $'0\tfailed\t' ]
	run -1 --separate-stderr hpo-collect --fsck c
	[ "$output" = '0: trial.ini: damaged: wrong checksum
2 trials: 1 done, 1 failed; 1 finding' ]
	export NO_FSCK=1 # it stays one
}
