#!/usr/bin/env bats
# What another has left: a worker meets a fault at each of its calls.
# bats file_tags=fault

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/fault

setup() {
	helper_setup
	need_inject
}

teardown() {
	drop_inject
	helper_teardown
}

@test "trial: of any fault while a dead worker's trial is reclaimed" {
	inject_campaign 1
	inject_command <<-'EOT'
		[ "$HPO_ATTEMPT" != 0 ] || kill -KILL "$PPID"
		echo "hpo: y=$HPO_PARAM_x"
	EOT
	inject -o reclaim -s 'hpo-sample c' -s 'hpo-trial c' -f "$LOOP" \
		-- hpo-trial --loop --max-trials 1 c
}

@test "trial: of any fault while a held trial is released" {
	inject_campaign 1 'retries = 1' 'backoff = 0.02s'
	inject_command <<-'EOT'
		[ "$HPO_ATTEMPT" != 0 ] || exit 1
		echo "hpo: y=$HPO_PARAM_x"
	EOT
	# The claim sees it held, for the first time, and claims nothing.
	inject -o release -s 'hpo-sample c' -s 'hpo-trial c 0' \
		-s 'hpo-trial --claim c' -f "$LOOP" \
		-- hpo-trial --loop --max-trials 1 c
}
