#!/usr/bin/env bats
# New trials: hpo-sample meets a fault at each of its calls.
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

@test "sample: of any fault at the first trials of a campaign" {
	inject_campaign 2
	inject -o new -o settle=ready -f "$LOOP" -- hpo-sample -n 2 c
}

@test "sample: of any fault at a further trial" {
	inject_campaign 2
	inject -o new -o settle=ready -s 'hpo-sample c' -f "$LOOP" \
		-- hpo-sample c
}

@test "sample: of any fault at trials that are given" {
	inject_campaign 2
	printf '%s\n' x 0.25 0.5 >"$INJECT_DIR/start/c/points"
	inject -i -o new -o settle=ready -f 'hpo-sample --enqueue c/points c' \
		-f "$LOOP" -- hpo-sample --enqueue c/points c
}

@test "sample: of a fault that stays" {
	inject_campaign 2
	inject -a "$FAULTS_FOR_GOOD" -o new -o settle=ready -f "$LOOP" \
		-- hpo-sample -n 2 c
}
