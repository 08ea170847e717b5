#!/usr/bin/env bats
# Claims, results and what comes after them: a worker fails or dies at any of
# its steps.
# bats file_tags=fault

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

prepare() {
	with_three_trials
}

act() {
	with_fault "$@" hpo-trial --loop c
}

@test "trial: any rename may fail, lie or be the last step" {
	each_fault hpo-trial rename EIO ENOSPC ESTALE EINTR lie before after
}

@test "trial: any fsync may fail or be the last step" {
	each_fault hpo-trial fsync EIO ENOSPC ESTALE EINTR before after
}

@test "trial: any write may fail, fall short or be the last step" {
	each_fault hpo-trial write EIO ENOSPC ESTALE EINTR short before after
}
