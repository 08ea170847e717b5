#!/usr/bin/env bats
# New trials: hpo-sample fails or dies at any of its steps.
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
	fault_campaign
}

act() {
	with_fault "$@" hpo-sample -n 3 c
}

@test "sample: any rename may fail, lie or be the last step" {
	each_fault hpo-sample rename EIO ENOSPC ESTALE EINTR lie before after
}

@test "sample: any fsync may fail or be the last step" {
	each_fault hpo-sample fsync EIO ENOSPC ESTALE EINTR before after
}

@test "sample: any write may fail, fall short or be the last step" {
	each_fault hpo-sample write EIO ENOSPC ESTALE EINTR short before after
}
