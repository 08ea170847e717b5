#!/usr/bin/env bats
# Every program dies after any of its renames: the part of the fault tests
# that is quick.

# shellcheck disable=SC2317 # each_fault calls prepare and act
bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/fault

setup() {
	helper_setup
	need_shim
}

teardown() {
	kill_marked
	helper_teardown
}

@test "sample: a kill after any rename loses no id" {
	prepare() {
		fault_campaign
	}
	act() {
		with_fault "$@" hpo-sample -n 3 c
	}
	each_fault -q hpo-sample rename after
}

@test "trial: a kill after any rename loses no trial" {
	prepare() {
		fault_campaign && hpo-sample -n 3 c >ids
	}
	act() {
		with_fault "$@" hpo-trial --loop c
	}
	each_fault -q hpo-trial rename after
}

@test "trial: a kill of who reclaims, after any rename, loses no trial" {
	prepare() {
		with_dead_worker
	}
	act() {
		with_fault "$@" hpo-trial --loop c
	}
	each_fault -q hpo-trial rename after
}

@test "trial: a lost reply to any rename is no failure" {
	prepare() {
		with_dead_worker
	}
	act() {
		with_fault "$@" hpo-trial --loop c
	}
	each_fault -q hpo-trial rename lie
}
