#!/usr/bin/env bats
# The protocol of hpo-queue(7) in all orders of events, for few trials and few
# processes: tests/model/model.c says what is in it.

bats_require_minimum_version 1.8.0
load ../lib/helper

setup() {
	helper_setup
	model=$BUILD_DIR/model/model
	[ -x "$model" ] || skip "the model is not built"
}

# explored N OPTION...: N configurations hold; what was tried goes to the
# crash matrix.
explored() {
	local n=$1

	shift
	run -0 --separate-stderr "$model" -m matrix "$@"
	[ -z "$stderr" ]
	[ "${#lines[@]}" -eq $((n + 1)) ]
	[ "$(grep -cE '^[a-z-]+ +[0-9]+ states +[0-9]+ transitions, depth +[0-9]+: holds$' <<<"$output")" -eq "$n" ]
	[[ ${lines[n]} =~ ^total:\ $n\ configurations,\ [0-9]+\ states,\ [0-9]+\ transitions:\ hold$ ]]
	[ -z "${HPO_MATRIX-}" ] || cat matrix >>"$HPO_MATRIX"
	echo "# model: ${lines[n]}" >&3
}

@test "model: no order of events breaks an invariant" {
	explored 11
	# Every operation of the protocol was hit by something.
	diff - <(cut -f 1 matrix | sort -u) <<-'EOT'
		cancel
		claim
		hold
		new
		next
		reclaim
		release
		result
		retry
		seal
		settle
		sweep
	EOT
}

# bats test_tags=slow
@test "model: none does where more takes part" {
	explored 15 -s
}

@test "model: every rule of the protocol is missed where it is left out" {
	run -0 --separate-stderr "$model" -X
	[ -z "$stderr" ]
	[ "${#lines[@]}" -eq 31 ]
	[ "$(grep -cE '^without [a-z-]+ +I[0-9]+ +in +[0-9]+ steps of [a-z-]+: .' <<<"$output")" -eq 30 ]
	[[ ${lines[30]} =~ ^total:\ 30\ rules,\ 0\ not\ missed,\ [0-9]+\ states$ ]]
}

@test "model: a broken invariant is shown step by step, with status 1" {
	run -1 "$model" -x cancel-result work-user
	diff - <(sed 's/[0-9]* states.*transitions/.../' \
	    < <(printf '%s\n' "${lines[@]}")) <<-'EOT'
		work-user                      ..., depth   1: BROKEN
		I3: failed/0/0.0.D5 without its result
		   1 cancel   dispatcher D5: sees ready/0/0.0
		   2 cancel   dispatcher D5: rename ready/0/0.0 -> failed/0/0.0.D5 = ok
		total: 1 configurations, ...: BROKEN
	EOT
}

@test "model: too many states are no proof, and no success" {
	run -1 --separate-stderr "$model" -n 100 work
	[[ ${lines[0]} == *': TOO MANY' ]]
}

@test "model: an unknown rule or configuration is a usage error" {
	run -64 "$model" -x none
	run -64 "$model" none
}
