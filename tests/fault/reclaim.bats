#!/usr/bin/env bats
# The trial of a dead worker goes on: a dispatcher fails or dies at any of its
# steps.
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
	with_dead_worker
}

act() {
	with_fault "$@" hpo-dispatch --local -j1 c
}

@test "dispatch: any rename may fail, lie or be the last step" {
	each_fault hpo-dispatch rename EIO ENOSPC ESTALE EINTR lie before after
}

@test "dispatch: any fsync may fail or be the last step" {
	each_fault hpo-dispatch fsync EIO ENOSPC ESTALE EINTR before after
}

@test "dispatch: any write may fail, fall short or be the last step" {
	each_fault hpo-dispatch write EIO ENOSPC ESTALE EINTR short before after
}
