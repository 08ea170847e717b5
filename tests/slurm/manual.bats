#!/usr/bin/env bats
# once for each: HPO_SLURM=fake HPO_SLURM=real
# The session of hpo-slurm(7), typed as it is written.

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
load slurm

# session: its lines.
session() {
	awk '/^\.Sh / { on = $0 == ".Sh SESSION" }
	on && /^\.Ed/ { exit }
	on && shown
	on && /^\.Bd -literal/ { shown = 1 }' "$TOP/man/hpo-slurm.7" |
		sed 's/\\e/\\/g; s/\\&//g; s/\\-/-/g'
}

# bats test_tags=slurm
@test "slurm: the session of the manual" {
	slurm_up -n 2 -c 2
	session >typed
	[ "$(grep -c '^hpo-' typed)" -eq 5 ]
	bash -e typed >out 2>err
	same '' "$(cat err)"
	grep -q '^sbatch --parsable --job-name=hpo\..* --array=0-3 .*--time=0:10:00 ' out
	grep -qx "exec '.*'/hpo-trial --loop .* -- '.*/bowl'" out
	grep -qx 'done	40' out
	grep -qx '40 of 40 trials ended: 40 ok' out
	grep -Eq '^[1-4] jobs?, 0 restarts; wait in the queue: median ' out
}

# bats test_tags=slurm
@test "slurm: the line of the manual for cron" {
	local line

	slurm_up -n 2 -c 2
	session | sed '/^hpo-/d' >typed
	bash -e typed
	line=$(awk '/^\.Sh / { on = $0 == ".Sh CRON" }
		on && /^\*/ && !said { said = 1; print }' "$TOP/man/hpo-slurm.7" |
		plain_cron)
	# Cron gives it to sh as it is, but for \%.
	HOME=$PWD
	ln -s "$BUILD_BIN" bin
	sed -i 's/^trials .*/trials = 1/' bowl/campaign.ini
	# shellcheck disable=SC2016 # it is cron's
	[[ $line == 'sleep $(($$ % 60)); bin/hpo-dispatch --slurm bowl' ]]
	line=${line#sleep * 60)); }
	ended_once() {
		[ -z "$(sh -c "$line" 2>&1)" ] && hpo-dispatch --status bowl
	}
	wait_for 60 ended_once
}

# plain_cron: what cron makes of a line: without its five fields, \% is %.
plain_cron() {
	sed 's/\\e/\\/g; s/\\&//g' | cut -d ' ' -f 6- | sed 's/\\%/%/g'
}
