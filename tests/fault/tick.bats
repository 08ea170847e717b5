#!/usr/bin/env bats
# A tick on a cluster: hpo-dispatch meets a fault at each of its calls.
# bats file_tags=fault

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/fault

setup() {
	helper_setup
	need_inject
	stub scontrol 'echo "MaxArraySize = 1001"'
	stub squeue :
	stub sacct :
	# The worker runs at once; it is not what meets the faults.
	# shellcheck disable=SC2016 # variables of the command
	stub sbatch 'for script; do :; done
		SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=0 \
			sh "$script" >/dev/null 2>&1
		echo 7'
	PATH=$INJECT_DIR/bin:$PATH
}

teardown() {
	drop_inject
	helper_teardown
}

# stub NAME LINES: a command of SLURM.
stub() {
	mkdir -p "$INJECT_DIR/bin"
	printf '#!/bin/sh\n%s\n' "$2" >"$INJECT_DIR/bin/$1"
	chmod +x "$INJECT_DIR/bin/$1"
}

slurm_campaign() {
	inject_campaign 1
	printf '[slurm]\nworkers = 1\ntime = 10\n' \
		>>"$INJECT_DIR/start/c/campaign.ini"
}

@test "dispatch: of any fault while jobs are submitted for the first time" {
	slurm_campaign
	inject -i -o submit -f 'hpo-dispatch --slurm c' -f "$LOOP" \
		-- hpo-dispatch --slurm c
}

@test "dispatch: of any fault while a submission is closed that has ended" {
	slurm_campaign
	inject -i -o close -s 'hpo-dispatch --slurm c' \
		-f 'hpo-dispatch --slurm c' -- hpo-dispatch --slurm c
}
