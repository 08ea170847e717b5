#!/usr/bin/env bats
# A whole campaign: hpo-dispatch meets a fault at each of its calls.
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

@test "dispatch: of any fault in a campaign from its start to its end" {
	local to=$INJECT_DIR/bin

	inject_campaign 1
	mkdir "$to"
	# Quicker than it: GNU parallel takes a tenth of a second.
	cat >"$to/parallel" <<-'EOT'
		#!/bin/sh
		# In place of GNU parallel: run the last argument for each line.
		for command; do :; done
		while read -r slot; do
			eval "$(echo "$command" | sed "s/{}/$slot/g")" &
		done
		wait
	EOT
	chmod +x "$to/parallel"
	PATH=$to:$PATH inject -o run -f 'hpo-dispatch --local -j1 c' \
		-- hpo-dispatch --local -j1 c
}
