#!/usr/bin/env bats
# Hosts that cannot see each other's processes, whatever they are called:
# nobody takes another's worker for dead by its pid, and what has died is taken
# back when its heart has stood still for the lease, not before.

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
load ../lib/fault
load many

BOOT_A=11111111-aaaa-4aaa-8aaa-111111111111
BOOT_B=22222222-bbbb-4bbb-8bbb-222222222222

teardown() {
	kill_marked
	helper_teardown
}

# need_namespaces: skip the test where there are none to be had.
need_namespaces() {
	unshare --mount --uts --pid --fork --mount-proc true 2>/dev/null ||
		skip 'needs root, and unshare with namespaces'
}

# on NAME BOOT COMMAND...: run it as on a host of that name and boot, with
# processes of its own.
on() {
	local name=$1 boot=$2

	shift 2
	printf '%s\n' "$boot" >"boot.$boot"
	# shellcheck disable=SC2016 # expanded by sh
	mark unshare --mount --uts --pid --fork --mount-proc --kill-child=KILL \
		sh -c 'echo "$1" >/proc/sys/kernel/hostname &&
			mount --bind "boot.$2" /proc/sys/kernel/random/boot_id &&
			shift 2 && "$@"' sh "$name" "$boot" "$@"
}

# blocking_campaign TRIALS [LINE...]: the trials 0 and 1 wait for the file go.
blocking_campaign() {
	# shellcheck disable=SC2016 # variables of the command
	storm_campaign c "$@" <<-'EOT'
		: >"began.$HPO_TRIAL.$HPO_ATTEMPT"
		[ "$HPO_TRIAL" -gt 1 ] || until [ -e go ]; do
			sleep 0.05 # sleep: the command
		done
		echo "hpo: y=$HPO_PARAM_x"
	EOT
	hpo-sample -n "$1" c >ids
}

# look_around [COMMAND...]: five times nothing better to do than to judge the
# other workers.
look_around() {
	for _ in 1 2 3 4 5; do
		mark "$@" hpo-trial --loop c || return
	done
}

# no_attempt_twice N: each of N trials was run once, and all is sound.
no_attempt_twice() {
	all_ok c "$1"
	[ "$(count 'c/began.*.0')" -eq "$1" ]
	[ "$(count 'c/began.*')" -eq "$1" ]
	[ "$(count 'c/hpo/trials/*/*/result.*')" -eq "$1" ]
	hpo-collect --fsck c
}

# neither_dies A B: workers with the words of A and of B before them run, and
# each is left alone by all that others do on either side.
neither_dies() {
	local -n before_a=$1 before_b=$2
	local pids=()

	blocking_campaign 6
	mark "${before_a[@]}" hpo-trial c 0 >out.0 &
	pids+=($!)
	mark "${before_b[@]}" hpo-trial c 1 >out.1 &
	pids+=($!)
	wait_for 10 at_least 2 'c/began.*'
	look_around "${before_a[@]}" >out.2
	look_around "${before_b[@]}" >out.3
	mark "${before_a[@]}" hpo-dispatch --local -j2 c &
	pids+=($!)
	mark "${before_b[@]}" hpo-dispatch --local -j2 c &
	pids+=($!)
	# Two dispatchers have had their looks when they have written them down.
	wait_for 20 at_least "$3" 'c/hpo/observed/*'
	[ "$(count 'c/hpo/running/*/0*')" -eq 2 ]
	touch c/go
	wait_all "${pids[@]}"
	no_attempt_twice 6
	wait_for 5 none_marked
}

@test "hosts: in different pid namespaces nobody is dead by his pid" {
	# shellcheck disable=SC2034 # passed by name
	local here=() there=(unshare --pid --fork --mount-proc --kill-child=KILL)

	need_namespaces
	neither_dies here there 1
	matrix reclaim 'another pid namespace' 2
}

@test "hosts: as the first process of a container a worker works" {
	need_namespaces
	blocking_campaign 3
	touch c/go
	run -0 mark unshare --pid --fork --mount-proc --kill-child=KILL \
		hpo-trial --loop c
	[ "$(wc -l <<<"$output")" -eq 3 ]
	no_attempt_twice 3
}

# bats test_tags=slow
@test "hosts: two of one name, booted apart, are two" {
	# shellcheck disable=SC2034 # passed by name
	local a=(on node "$BOOT_A") b=(on node "$BOOT_B")

	need_namespaces
	neither_dies a b 2
	[ "$(count "c/hpo/observed/node-*")" -eq 2 ]
	matrix reclaim 'another host of the same name' 2
}

# bats test_tags=slow
@test "hosts: two names of one machine are two" {
	# shellcheck disable=SC2034 # passed by name
	local a=(on one "$BOOT_A") b=(on two "$BOOT_A")

	need_namespaces
	neither_dies a b 2
	matrix reclaim 'another host' 2
}

# bats test_tags=slow
@test "hosts: two of one name share no slots" {
	local pids=()

	need_namespaces
	blocking_campaign 2
	on node "$BOOT_A" hpo-dispatch --local -j1 c >out.a &
	pids+=($!)
	on node "$BOOT_B" hpo-dispatch --local -j1 c >out.b &
	pids+=($!)
	# Both have begun: neither holds the one slot against the other.
	wait_for 20 at_least 2 'c/began.*'
	[ "$(grep -lx 'slot = 1' c/hpo/running/*/worker.ini | wc -l)" -eq 2 ]
	touch c/go
	wait_all "${pids[@]}"
	no_attempt_twice 2
}

# A killed worker of another host: not taken back before the lease is over,
# and then, by anyone.
# bats test_tags=slow
@test "hosts: what died with another host is taken back after the lease" {
	local worker

	need_namespaces
	blocking_campaign 3
	on node "$BOOT_A" hpo-trial c 0 >out.0 &
	worker=$!
	wait_for 10 at_least 1 'c/began.*'
	kill_marked # all that is on that host
	wait_for 10 none_marked
	wait "$worker" || :
	touch c/go
	look_around on node "$BOOT_B"
	look_around
	[ "$(count 'c/hpo/running/*/0000000.0')" -eq 1 ]
	printf 'heartbeat = 0.3s\nlease = 0.9s\n' >>c/campaign.ini
	# shellcheck disable=SC2016 # expanded by eval
	wait_for 20 eval 'on node "$BOOT_B" hpo-trial --loop c
		[ -e c/began.0.1 ]'
	all_ok c 3
	[ "$(count 'c/hpo/done/0000/0000000.1.*')" -eq 1 ]
	[ "$(count 'c/began.*')" -eq 4 ]
	matrix reclaim 'host down' 1
}

# The same without namespaces: by what worker.ini says.
@test "hosts: after a reboot a pid is no proof of life, nor what was seen before" {
	local worker boot host=c/hpo/observed

	blocking_campaign 3
	mark hpo-trial c 0 >out.0 &
	worker=$!
	wait_for 10 at_least 1 'c/began.*'
	kill_marked
	wait "$worker" || :
	touch c/go
	# It was of another boot; its pid is that of a living process now.
	sed -i "s/^boot = .*/boot = $BOOT_A/; s/^pid = .*/pid = $$/" \
		c/hpo/running/*/worker.ini
	sed -i "s/^start = .*/start = $(cut -d ' ' -f 22 /proc/$$/stat)/" \
		c/hpo/running/*/worker.ini
	mark hpo-trial --loop c >out.1
	boot=$(cat /proc/sys/kernel/random/boot_id)
	host=$(echo c/hpo/observed/*-"$boot")
	# Hours of standing still, as seen before the boot.
	awk '/ worker\// { $1 = 1; $2 = 1e5; $3 = 99999; $4 = 1000 } 1' "$host" \
		>"${host%"$boot"}$BOOT_A"
	look_around >out.2
	[ "$(count 'c/hpo/running/*/0000000.0')" -eq 1 ]
	printf 'heartbeat = 0.3s\nlease = 0.9s\n' >>c/campaign.ini
	wait_for 20 eval 'mark hpo-trial --loop c >>out.3; [ -e c/began.0.1 ]'
	all_ok c 3
	[ "$(count 'c/began.*')" -eq 4 ]
	matrix reclaim reboot 1
}

# looked_away: another look, after which nothing is left in tmp/.
looked_away() {
	run -1 on node "$BOOT_B" hpo-dispatch --local c
	[ "$(count 'c/hpo/tmp/node-*')" -eq 0 ]
}

# swept COMMAND...: run it with its first rename held up, while from
# a host of the same name, where there is no such process, what it has made in
# tmp/ looks left behind; it was swept, and the command ends well.
swept() {
	local pid

	on node "$BOOT_A" strace -o trace -e trace=renameat,rename -e \
		"inject=renameat,rename:delay_enter=30000000:when=1" "$@" >out &
	pid=$!
	wait_for 10 at_least 1 'c/hpo/tmp/node-*'
	wait_for 28 looked_away
	wait "$pid"
	grep -q ENOENT trace
}

# bats test_tags=slow
@test "hosts: what another of the name sweeps is written again" {
	need_namespaces
	strace -qq -e trace=none true || skip 'strace cannot trace here'
	case ${HPO_TEST_VARIANT-} in
	valgrind) skip 'the renames are those of valgrind' ;;
	esac
	blocking_campaign 2
	sed -i 's/^trials = .*/trials = 10/' c/campaign.ini
	touch c/go
	hpo-dispatch --pause c
	swept hpo-sample -n 5 c
	same "$(seq 2 6)" "$(cat out)"
	swept hpo-trial c 1
	[ "$(cut -f 1,2 out)" = $'1\tok' ]
	hpo-dispatch --resume c
	mark hpo-dispatch --local -j2 c >out
	all_ok c 10
	matrix new 'swept while it lives' 5
	matrix claim 'swept while it lives' 1
}
