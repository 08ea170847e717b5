#!/usr/bin/env bats
# once for each: HPO_SLURM=fake HPO_SLURM=real
# The campaign of the demo on a cluster, while what happens to clusters does.

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
load slurm

setup_file() {
	slurm_up -n 3 -c 2
}

teardown_file() {
	slurm_down
}

# tick: as cron does, and silent as cron wants it.
tick() {
	hpo-dispatch --slurm mlp >>ticks.out 2>&1
}

# ended N: after one more tick, have so many trials ended?
ended() {
	tick
	[ "$(hpo-dispatch --status mlp | awk '/^(done|failed)/ { n += $2 }
	    END { print n }')" -ge "$1" ]
}

# running N: one more tick, and then the id of the Nth job that runs.
running() {
	tick
	job=$(squeue -h -r -t running -o '%i %j' | awk '$2 ~ /^hpo\./ { print $1 }' |
		sed -n "$1p")
	[ -n "$job" ]
}

finished() {
	tick
	hpo-dispatch --status mlp >/dev/null
}

# bats test_tags=slurm
@test "slurm: the digits, while a node fails, jobs are cancelled and preempted, and ticks killed" {
	local k node job pid

	cp -R "$TOP/share/examples/mlp" mlp
	make -s -C mlp
	cat >>mlp/campaign.ini <<-'EOT'
		[slurm]
		workers   = 5
		partition = scavenge
		time      = 30
		requeue   = yes
	EOT
	wait_for 60 ended 4
	node=$(squeue -h -r -t running -o '%N %j' |
		awk '$2 ~ /^hpo\./ { print $1; exit }')
	node_fail "$node"
	wait_for 60 ended 9
	wait_for 60 running 1
	cancel_job "$job"
	wait_for 60 ended 14
	wait_for 60 running 2 || wait_for 60 running 1
	preempt_job "$job"
	for k in 1 2 3 4 5 6 7 8; do
		hpo-dispatch --slurm mlp >>ticks.out 2>&1 &
		pid=$!
		[ "$k" -eq 1 ] || wait_for 1 gone "$pid" || :
		kill -KILL "$pid" 2>/dev/null || :
	done
	wait_for 60 ended 25
	preempt_over
	node_back "$node"
	wait_for 240 finished
	same '' "$(cat ticks.out)"
	hpo-collect --fsck mlp
	[ "$(hpo-collect mlp | awk -F '\t' '$3 == "ok"' | wc -l)" -eq 50 ]
	[ "$(find mlp/hpo/done -name '0*' -type f | wc -l)" -eq 50 ]
	hpo-report mlp >report
	grep -q '^50 of 50 trials ended: 50 ok' report
	grep -q "^ *n[1-3] " report
	awk '$1 == 0 || $1 > 0 { if ($2 <= 0.03) good = 1 } END { exit !good }' \
		report
}
