#!/usr/bin/env bats
# Ask and tell, and what a user wants of a trial: each program meets a fault at
# each of its calls.
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

@test "trial: of any fault while a program claims a trial" {
	inject_campaign 1
	inject -o claim -p hpo-trial -s 'hpo-sample c' -f "$LOOP" \
		-- sh -c 'hpo-trial --claim c; exit $?'
}

@test "trial: of any fault while a claimed trial is finished" {
	inject_campaign 1
	inject -o result -o next=done -s 'hpo-sample c' \
		-s 'hpo-trial --claim --pid @ c' \
		-f 'hpo-trial --finish 0 y=0.5 --pid @ c' -f "$LOOP" \
		-- hpo-trial --finish 0 y=0.5 --pid @ c
}

@test "trial: of any fault while a claimed trial is given up" {
	inject_campaign 1
	inject -o result -o next=failed -s 'hpo-sample c' \
		-s 'hpo-trial --claim --pid @ c' \
		-f 'hpo-trial --fail 0 --pid @ c' -f "$LOOP" \
		-- hpo-trial --fail 0 --pid @ c
}

@test "trial: of any fault while a claimed trial reports" {
	inject_campaign 1
	inject -o result -s 'hpo-sample c' -s 'hpo-trial --claim --pid @ c' \
		-f 'hpo-trial --finish 0 y=0.5 --pid @ c' -f "$LOOP" \
		-- hpo-trial --report --trial 0 y=0.25 c
}

@test "dispatch: of any fault while a trial is cancelled" {
	inject_campaign 2
	inject -o cancel -s 'hpo-sample -n 2 c' \
		-f 'hpo-dispatch --cancel 0 c' -f "$LOOP" \
		-- hpo-dispatch --cancel 0 c
}

@test "dispatch: of any fault while a trial is retried" {
	inject_campaign 2
	inject -o retry -s 'hpo-sample -n 2 c' -s 'hpo-dispatch --cancel 0 c' \
		-f 'hpo-dispatch --retry 0 c' -f "$LOOP" \
		-- hpo-dispatch --retry 0 c
}

@test "dispatch: of any fault while a campaign is paused, or goes on" {
	inject_campaign 2
	inject -o run -s 'hpo-sample -n 2 c' -f 'hpo-dispatch --pause c' \
		-f 'hpo-dispatch --resume c' -f "$LOOP" \
		-- hpo-dispatch --pause c
	inject -o run -s 'hpo-sample -n 2 c' -s 'hpo-dispatch --pause c' \
		-f 'hpo-dispatch --resume c' -f "$LOOP" \
		-- hpo-dispatch --resume c
}

@test "trial, dispatch: of a fault that stays" {
	inject_campaign 1
	inject -a "$FAULTS_FOR_GOOD" -o cancel -s 'hpo-sample c' \
		-f 'hpo-dispatch --cancel 0 c' -- hpo-dispatch --cancel 0 c
	inject -a "$FAULTS_FOR_GOOD" -o retry -s 'hpo-sample c' \
		-s 'hpo-dispatch --cancel 0 c' -f 'hpo-dispatch --retry 0 c' \
		-f "$LOOP" -- hpo-dispatch --retry 0 c
	inject -a "$FAULTS_FOR_GOOD" -o result -s 'hpo-sample c' \
		-s 'hpo-trial --claim --pid @ c' \
		-f 'hpo-trial --finish 0 y=0.5 --pid @ c' -f "$LOOP" \
		-- hpo-trial --finish 0 y=0.5 --pid @ c
}
