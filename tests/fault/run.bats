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

# One of the trials fails at first, so that a token is held and released too.
prepare() {
	if [ ! -d made ]; then
		fault_campaign
		printf '%s\n' 'retries = 1' 'backoff = 0.1s' >>c/campaign.ini
		# shellcheck disable=SC2016 # variables of the command
		sed -i '1i [ "$HPO_TRIAL$HPO_ATTEMPT" != 10 ] || exit 1' c/cmd
		hpo-sample -n 3 c >made.ids && cp -R c made
	else
		cp -R made c
	fi
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

@test "trial: anything else may fail or be the last step" {
	local op

	for op in mkdir create close unlink truncate reserve; do
		each_fault -q hpo-trial "$op" EIO after
	done
}
