# shellcheck shell=bash disable=SC2154 # variables of bats
# Campaigns whose workers are jobs, for tests: after `load slurm` and
# `load ../lib/expect`, `load campaign`.  The campaign is c, unless $CAMPAIGN
# names another.
#
#   fleet TRIALS [LINE...]   make it: the lines are [run]'s, and those after
#                            '[slurm]' that section's.  Its command is the file
#                            cmd: it notes each attempt in began.ID.ATTEMPT,
#                            stays while block or block.ID is there, reports y
#   tick                     a tick has nothing to say, and ends with 0
#   tick_says STATUS TEXT    it says just that, and ends so
#   tick_until COMMAND...    tick, until it succeeds
#   tick_to_end N            tick, until all of N trials are ok and all jobs have
#                            ended; none has counted twice, nothing runs any more
#   all_ended                have all its trials ended?
#   running                  the ids of the trials that run now, one a line; a
#                            worker may have taken any
#   runs N                   are they so many?
#   job_list                 its jobs, as SLURM knows them, with the ended ones:
#                            ID STATE NODE
#   jobs_in N STATE...       are N of them in one of these states?
#   live_jobs                how many there are that have not ended
#   submitted N              so many submissions were made
#   job_of ID                in which job the trial runs
#   attempts ID              how its attempts ended: "lost ok"
#   age SECONDS [KEY]        what dispatchers have seen, of KEYs that begin so,
#                            was so long ago
#   impatient                no command of SLURM gets more than a second

CAMPAIGN=c

# A setup in which jobs stay while the file starts is in the campaign.
# shellcheck disable=SC2034 # for the tests
STAY='while [ -e starts ]; do sleep 0.05; done'

fleet() {
	campaign "$CAMPAIGN" <<-EOT
		[campaign]
		minimize = y
		trials = $1
		[space]
		x = uniform(0, 1)
		[run]
		command = /bin/sh cmd
		grace = 1s
		backoff = none
	EOT
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$CAMPAIGN/campaign.ini"
	cat >"$CAMPAIGN/cmd" <<-'EOT'
		: >"began.$HPO_TRIAL.$HPO_ATTEMPT"
		while [ -e block ] || [ -e "block.$HPO_TRIAL" ]; do
			sleep 0.05
		done
		echo "hpo: y=$HPO_PARAM_x"
	EOT
}

# --- ticks -------------------------------------------------------------------

tick() {
	answers 0 '' '' hpo-dispatch --slurm "$CAMPAIGN"
}

ticks() {
	for _ in $(seq "$1"); do
		tick
	done
}

tick_says() {
	answers "$1" '' "$2" hpo-dispatch --slurm "$CAMPAIGN"
}

# A tick asks the controller: a few of them in a second are enough.
tick_until() {
	local end=$(($(now_cs) + 6000 * ${HPO_TEST_SLOWER:-1}))

	while tick; do
		! "$@" || return 0
		if (($(now_cs) > end)); then
			echo "tick_until: in vain: $*" >&2
			job_list >&2
			return 1
		fi
		sleep 0.1
	done
	return 1
}

tick_to_end() {
	tick_until all_over
	all_counted "$1"
	deserted
	tick
}

all_over() {
	all_ended && jobs_in 0 PENDING RUNNING SUSPENDED COMPLETING
}

# all_counted N: the trials 0 to N-1 are ok, each once.
all_counted() {
	hpo-collect "$CAMPAIGN" | cut -f 1,3 | diff - \
		<(printf 'id\tstatus\n' && seq 0 $(($1 - 1)) | sed 's/$/\tok/')
}

# deserted: no worker of it runs any more, and no command.
deserted() {
	wait_for 10 nobody_there
}

nobody_there() {
	local dir

	dir=$(cd "$CAMPAIGN" && pwd -P)
	! grep -lzxsF -e "HPO_CAMPAIGN=$dir" /proc/[0-9]*/environ &&
		! grep -lzxsF -e "$dir" /proc/[0-9]*/cmdline
}

# --- what there is -----------------------------------------------------------

all_ended() {
	hpo-dispatch --status "$CAMPAIGN" >/dev/null
}

running() {
	local token id attempt

	for token in "$CAMPAIGN"/hpo/running/*/0*; do
		[ -e "$token" ] || continue
		IFS=. read -r id attempt <<<"${token##*/}"
		id=$((10#$id))
		[ ! -e "$CAMPAIGN/began.$id.$attempt" ] || echo "$id"
	done
}

runs() {
	[ "$(running | wc -l)" -eq "$1" ]
}

# running_token ID: the path of it.
running_token() {
	compgen -G "$(printf '%s/hpo/running/*/%07d.*' "$CAMPAIGN" "$1")"
}

job_list() {
	local prefix

	prefix=$(sed -n '2s/^\(.\{8\}\).*/hpo.\1./p' "$CAMPAIGN/hpo/FORMAT")
	squeue -h -r -t all -o '%j %i %T %N' |
		awk -v p="$prefix" 'index($1, p) == 1 { print $2, $3, $4 }' |
		sort -t _ -k 1,1n -k 2,2n
}

# states STATE...: how many of its jobs are in one of these.
states() {
	job_list | awk -v states=" $* " 'index(states, " " $2 " ") { n++ }
		END { print n + 0 }'
}

jobs_in() {
	local n=$1

	shift
	[ "$(states "$@")" -eq "$n" ]
}

# arrays: the ids of its submissions.  What waits of an array and is cancelled
# is no task any more to squeue, but the array.
arrays() {
	job_list | sed 's/[_ ].*//' | uniq
}

submitted() {
	same "$1" "$(arrays | wc -l)"
}

# waits_again JOB: it is the campaign's only one.
waits_again() {
	[[ $(job_list) == "$1 PENDING"* ]]
}

# squeue_shows N STATE: of whatever jobs.
squeue_shows() {
	[ "$(squeue -h -r -t all -o %T | grep -cx "$2")" -eq "$1" ]
}

live_jobs() {
	states PENDING RUNNING SUSPENDED COMPLETING
}

job_of() {
	local token

	token=$(running_token "$1") &&
		sed -n 's/^job = //p' "${token%/*}/worker.ini"
}

# The last result has the history of those before.
attempts() {
	local token attempt

	token=$(compgen -G "$(printf '%s/hpo/done/*/%07d.*' "$CAMPAIGN" "$1")")
	IFS=. read -r _ attempt <<<"${token##*/}"
	awk '/^history = / { gsub(/@[^ ]*/, ""); print substr($0, 11) }
		/^status = / { status = substr($0, 10) }
		END { print status }' \
		"$CAMPAIGN"/hpo/trials/*/"$(printf %07d "$1")/result.$attempt.ini" |
		paste -s -d ' '
}

# --- how it comes to be ------------------------------------------------------

# A sighting is a line: FIRST LAST UNCHANGED COUNT KEY VALUE, the first two by
# the boot clock.
age() {
	local file

	for file in "$CAMPAIGN"/hpo/observed/*; do
		[ -e "$file" ] || continue
		awk -v s="$1" -v key="${2-}" 'index($5, key) == 1 {
			$1 = sprintf("%.3f", $1 - s)
			$2 = sprintf("%.3f", $2 - s)
		}
		{ print }' "$file" >observed.new
		mv observed.new "$file"
	done
}

move_job() {
	if [ "$CLUSTER_KIND" = fake ]; then
		command fake move "$@"
	else
		scontrol update jobid="$1" partition="$2"
	fi
}

impatient() {
	mkdir -p impatient
	cat >impatient/timeout <<-EOT
		#!/bin/sh
		shift 3
		exec $(command -v timeout) -k 1 1 "\$@"
	EOT
	chmod +x impatient/timeout
	PATH=$PWD/impatient:$PATH
}
