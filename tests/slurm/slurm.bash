# shellcheck shell=bash
# For tests of campaigns on a cluster: `load ../lib/helper`, then
# `load slurm`.  The same tests run on a real cluster, tests/slurm/cluster, and
# on a fake one, tests/slurm/fake, as $HPO_SLURM says: real, or fake, which is
# the default, needs no package and can lie.  A file whose head has the line
#
#     # once for each: HPO_SLURM=fake HPO_SLURM=real
#
# is run on both by `tests/lib/run -a`, on the first without -a.
#
#     setup_file() {                        setup() {
#         slurm_up -n 2 -c 2                    slurm_setup
#     }                         or              slurm_up -n 2 -c 2
#     teardown_file() {                     }
#         slurm_down
#     }
#
# One cluster for the file, or one for each test; a real one takes half a
# second to start (4 s with accounting), the fake one nothing.  setup and
# teardown are here: they skip where there is no SLURM, let SLURM's commands
# find the cluster, and end the jobs that a test has left.  A file with its own
# calls slurm_setup and slurm_teardown from there, instead of the helper's.
#
#   slurm_up [-a] [-l JOBS] [-n NODES] [-c CPUS] [-o KEY=VALUE]...
#                         a cluster of nodes n1, n2, ...; -a with accounting;
#                         -l with a limit of submitted jobs (implies -a);
#                         -o MaxArraySize (21), MinJobAge (300), max_array_tasks
#   slurm_down            end it
#   BACKEND               the program under test, share/backends/slurm
#   only_fake, only_real  skip the test on the other kind
#
# ID is 7 or 7_3; what is said of a job takes time on a real cluster: wait_for
# it, up to 60 seconds.  A job that is to be preempted is in scavenge.
#
#   cancel_job ID         by a person
#   requeue_job ID        it ends and waits again
#   hold_job (its user does), release_job, suspend_job, resume_job ID
#   preempt_job ID        in favour of another, until preempt_over
#   move_job ID PARTITION  by an administrator, while it waits
#   warn_job ID           its --time is over soon (with --time=1: within 60 s)
#   time_out_job ID       its time is over
#   node_fail NODE        the power goes: its jobs end and wait again
#   node_back NODE        it comes back
#   node_freeze NODE      it cannot be reached, jobs there run on and wait again
#   node_thaw NODE        it can be reached again; what ran on is ended
#   controller_down, controller_hang, controller_up
#   batch_job N           has a job with N tasks run, that sleep; sets $job
#
# The fake alone (they imply only_fake): tests/slurm/fake/fake says what lies
# there are.
#
#   lie [-n TIMES] COMMAND LIE [ARGUMENT], truth [COMMAND]
#   fake VERB ...         hide, show, move, record, vanish, forget, recycle, ...
#   calls COMMAND         how often it was called
#   call_words COMMAND N  the words of the Nth call, one a line
#   call_env N            the environment of the Nth sbatch, one a line

CLUSTER_KIND=${CLUSTER_KIND:-${HPO_SLURM:-fake}}
export CLUSTER_KIND
BACKEND=$TOP/share/backends/slurm
export BACKEND

# slurm_missing [-a]: what a real cluster needs and is not here.
slurm_missing() {
	local program

	[ "$CLUSTER_KIND" = real ] || return 0
	for program in munged slurmctld slurmd sbatch unshare setsid \
		${1:+slurmdbd mariadbd mariadb-install-db}; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null ||
			echo "no $program here"
	done
	unshare ${EUID:+$([ "$EUID" -eq 0 ] || echo --user)} --pid --fork true \
	    2>/dev/null || echo 'no namespaces here'
}

slurm_up() {
	local option accounting='' limit='' nodes=4 cpus=4 keys=() missing OPTIND=1

	while getopts al:n:c:o: option; do
		case $option in
		a) accounting=yes ;;
		l) accounting=yes limit=$OPTARG ;;
		n) nodes=$OPTARG ;;
		c) cpus=$OPTARG ;;
		o) keys+=("$OPTARG") ;;
		*) return 64 ;;
		esac
	done
	case $CLUSTER_KIND in
	real | fake) ;;
	*)
		echo "HPO_SLURM=$CLUSTER_KIND: neither real nor fake" >&2
		return 64
		;;
	esac
	missing=$(slurm_missing $accounting | head -n 1)
	if [ -n "$missing" ]; then
		# In setup_file there is nothing to skip yet.
		[ -z "${BATS_TEST_NAME-}" ] || skip "$missing"
		export CLUSTER_MISSING=$missing
		return 0
	fi
	CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/hpo-slurm.XXXXXX") || return
	[ -z "${BATS_TEST_NAME-}" ] || CLUSTER_OF_TEST=yes
	export CLUSTER
	"slurm_up_$CLUSTER_KIND" "${keys[@]}" && slurm_use
}

slurm_up_real() {
	local key options=()

	for key; do
		case $key in
		max_array_tasks=*) key=SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1,$key ;;
		esac
		options+=(-o "$key")
	done
	[ -z "$limit" ] || options+=(-o 'AccountingStorageEnforce=associations,limits')
	"$TOP/tests/slurm/cluster/up" ${accounting:+-a} -n "$nodes" -c "$cpus" \
		"${options[@]}" "$CLUSTER" || return
	[ -z "$limit" ] || {
		export SLURM_CONF=$CLUSTER/etc/slurm.conf
		# root is there already.
		sacctmgr -i add user "$(id -un)" account=root
		sacctmgr -i modify user "$(id -un)" set MaxSubmitJobs="$limit"
	} >"$CLUSTER/log/limit.out" 2>&1
}

slurm_up_fake() {
	local command

	mkdir "$CLUSTER"/{bin,jobs,old,scripts,env,nodes,lies,calls}
	for command in sbatch squeue sacct scancel scontrol fake; do
		ln -s "$TOP/tests/slurm/fake/fake" "$CLUSTER/bin/$command"
	done
	echo 1 >"$CLUSTER/next"
	: >"$CLUSTER/processes"
	printf '%s\n' "USER=$(id -un)" "NODES=$nodes" "SLOTS=$cpus" MaxArraySize=21 \
		MinJobAge=300 KillWait=2 RequeueDelay=1 \
		"accounting=$accounting" "MaxSubmit=$limit" "$@" \
		>"$CLUSTER/conf"
}

# slurm_use: let SLURM's commands find the cluster.
slurm_use() {
	[ -n "${CLUSTER-}" ] || return 0
	if [ "$CLUSTER_KIND" = real ]; then
		export SLURM_CONF=$CLUSTER/etc/slurm.conf
	else
		export FAKE_SLURM=$CLUSTER
		[[ $PATH == "$CLUSTER/bin":* ]] ||
			export PATH=$CLUSTER/bin:$PATH
	fi
}

slurm_down() {
	[ -n "${CLUSTER-}" ] || return 0
	slurm_use
	if [ "$CLUSTER_KIND" = real ]; then
		"$TOP/tests/slurm/cluster/down" -r "$CLUSTER"
	else
		command fake down
		rm -rf "$CLUSTER"
	fi
	unset CLUSTER
}

slurm_setup() {
	helper_setup || return
	[ -z "${CLUSTER_MISSING-}" ] || skip "$CLUSTER_MISSING"
	slurm_use
}

slurm_teardown() {
	end_jobs # else they submit more
	if [ -n "${CLUSTER_OF_TEST-}" ]; then
		slurm_down
	elif [ -n "${CLUSTER-}" ]; then
		slurm_clear
	fi
	helper_teardown
}

# slurm_clear: what a test has left on the cluster of the file ends.
slurm_clear() {
	if [ "$CLUSTER_KIND" = real ]; then
		scancel -u "$(id -un)"
		wait_for 20 no_jobs
	else
		command fake down
		rm -rf "$CLUSTER"/{lies,nodes,calls,old}/*
	fi
}

no_jobs() {
	[ -z "$(squeue -h -u "$(id -un)")" ]
}

setup() {
	slurm_setup
}

teardown() {
	slurm_teardown
}

only_fake() {
	[ "$CLUSTER_KIND" = fake ] || skip 'only the fake can do this'
}

only_real() {
	[ "$CLUSTER_KIND" = real ] || skip 'only a real cluster can do this'
}

# --- what happens to jobs and nodes ------------------------------------------

# cluster_node ACTION NODE: on the real cluster.
cluster_node() {
	"$TOP/tests/slurm/cluster/node" "$1" "$CLUSTER" "$2"
}

cancel_job() {
	scancel "$1"
}

requeue_job() {
	scontrol requeue "$1"
}

hold_job() {
	scontrol uhold "$1"
}

release_job() {
	scontrol release "$1"
}

suspend_job() {
	scontrol suspend "$1"
}

resume_job() {
	scontrol resume "$1"
}

preempt_job() {
	local node

	if [ "$CLUSTER_KIND" = fake ]; then
		command fake preempt "$1"
		return
	fi
	node=$(squeue -h -j "$1" -o %N) && [ -n "$node" ] || return
	sbatch --parsable -p urgent -w "$node" --exclusive -o /dev/null \
		-J urgent --wrap 'exec sleep 600' >>"$CLUSTER/urgent"
}

# warn_job: on a real cluster it is a matter of time.
warn_job() {
	[ "$CLUSTER_KIND" = real ] || command fake warn "$1"
}

move_job() {
	if [ "$CLUSTER_KIND" = fake ]; then
		command fake move "$1" "$2"
	else
		scontrol update jobid="$1" partition="$2"
	fi
}

preempt_over() {
	local id

	[ ! -e "$CLUSTER/urgent" ] || while read -r id; do
		scancel "$id"
	done <"$CLUSTER/urgent"
	rm -f "$CLUSTER/urgent"
}

time_out_job() {
	if [ "$CLUSTER_KIND" = fake ]; then
		command fake time_out "$1"
	else
		scontrol update jobid="$1" EndTime=now+1
	fi
}

# node_event EVENT ACTION NODE: what befalls a node, by the fake's word for it
# and by what is done to a real one.
node_event() {
	if [ "$CLUSTER_KIND" = fake ]; then
		command fake "$1" "$3"
	else
		cluster_node "$2" "$3"
	fi
}

node_fail() { node_event node_fail cut "$1"; }
node_freeze() { node_event node_lost freeze "$1"; }
node_back() { node_event node_back boot "$1"; }
node_thaw() { node_event node_back thaw "$1"; }

controller_down() {
	local command

	if [ "$CLUSTER_KIND" = real ]; then
		cluster_node cut slurmctld
		return
	fi
	for command in sbatch squeue scancel scontrol; do
		command fake lie $command fail \
			"$command: error: Unable to contact slurm controller (connect failure)"
	done
}

controller_hang() {
	local command

	if [ "$CLUSTER_KIND" = real ]; then
		cluster_node freeze slurmctld
		return
	fi
	for command in sbatch squeue scancel scontrol; do
		command fake lie $command hang
	done
}

controller_up() {
	if [ "$CLUSTER_KIND" = real ]; then
		cluster_node boot slurmctld && cluster_node thaw slurmctld
	else
		command fake truth
	fi
}

# batch_job N [OPTION...]: sets $job.
# shellcheck disable=SC2034
batch_job() {
	local n=$1

	shift
	printf '%s\n' '#!/bin/sh' 'exec sleep 600' >sleeper
	job=$(sbatch --parsable --job-name=hpo.test --array=0-$((n - 1)) \
		--output=sleeper.%a --open-mode=append "$@" sleeper)
}

# --- lies --------------------------------------------------------------------

fake() {
	only_fake
	command fake "$@"
}

lie() {
	fake lie "$@"
}

truth() {
	fake truth "$@"
}

calls() {
	fake calls "$1"
}

call_words() {
	only_fake
	cat "$CLUSTER/calls/$1/$2.argv"
}

call_env() {
	only_fake
	tr '\0' '\n' <"$CLUSTER/calls/sbatch/$1.env"
}
