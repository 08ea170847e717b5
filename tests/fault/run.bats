#!/usr/bin/env bats
# Claims, results and what comes after them: hpo-trial meets a fault at each of
# its calls.
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

@test "trial: of any fault at a trial that is named" {
	inject_campaign 2
	inject -o run -o claim=ready -o claim=running -o result=trials \
		-o result=tmp -o next=done -s 'hpo-sample -n 2 c' -f "$LOOP" \
		-- hpo-trial c 1
}

@test "trial: of any fault in a worker's life" {
	inject_campaign 2
	inject -o run -o claim=ready -o claim=running -o result=trials \
		-o result=tmp -o next=done -s 'hpo-sample -n 2 c' -f "$LOOP" \
		-- hpo-trial --loop c
}

@test "trial: of any fault at a trial that fails and waits for the next try" {
	inject_campaign 1 'retries = 1' 'backoff = 0.02s'
	inject_command <<-'EOT'
		exit 1
	EOT
	inject -o run -o claim=ready -o claim=running -o result=trials \
		-o result=tmp -o hold=held -s 'hpo-sample c' -f "$LOOP" \
		-- hpo-trial c 0
}
