#!/usr/bin/env bats
# A part of the tests with faults that is quick: some of the calls of the main
# programs.

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

@test "sample: of some faults at the first trials of a campaign" {
	inject_campaign 2
	inject -e 17 -o new -o settle=ready -f "$LOOP" -- hpo-sample -n 2 c
	inject -a lie -e 3 -o new -o settle=ready -f "$LOOP" \
		-- hpo-sample -n 2 c
}

@test "trial: of some faults in a worker's life" {
	inject_campaign 2
	inject -e 31 -o run -s 'hpo-sample -n 2 c' -f "$LOOP" \
		-- hpo-trial --loop c
	inject -a lie -e 3 -o run -s 'hpo-sample -n 2 c' -f "$LOOP" \
		-- hpo-trial --loop c
}

@test "collect: of some faults at a table" {
	inject_campaign 2
	inject -r -e 17 -a "$FAULTS_OF_READERS" -o collect \
		-s 'hpo-sample -n 2 c' -s 'hpo-trial c 0' -- hpo-collect c
}
