# Common to all bats files: `load lib/helper`, or `load ../lib/helper`.
#
# A test starts in an empty scratch directory with the programs on PATH, a C
# locale and no HPO_* or SLURM_* variable; when it ends, what it started in
# the background is ended and every campaign it made must pass --fsck.  A
# file with a setup or teardown of its own calls helper_setup and
# helper_teardown from there.
#
#   TOP          the top of the source tree
#   BUILD_DIR    where it was built, BUILD_BIN the programs
#   NO_FSCK=1    set by a test that leaves a campaign broken on purpose
#
# The runner sets HPO_TEST_BIN, another directory of programs to test, and
# HPO_TEST_SLOWER, a factor for deadlines where they run under valgrind;
# HPO_TEST_VARIANT is then "san", "valgrind", "cov" or "static".

TOP=$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD_BIN=${HPO_TEST_BIN:-$TOP/build/bin}
BUILD_DIR=${BUILD_BIN%/bin}
export TOP BUILD_BIN BUILD_DIR

helper_setup() {
	local name

	for name in "${!HPO_@}" "${!SLURM_@}"; do
		case $name in
		HPO_TEST_* | HPO_MATRIX) ;;
		*) unset "$name" ;;
		esac
	done
	export LC_ALL=C PATH="$BUILD_BIN:$PATH"
	umask 022
	helper_jobs=" $(jobs -p | tr '\n' ' ') " # bats' own, for the time limit
	cd -- "$BATS_TEST_TMPDIR" || return
}

helper_teardown() {
	local dir bad=0

	end_jobs
	[ -z "${NO_FSCK-}" ] && [ -x "$BUILD_BIN/hpo-collect" ] || return 0
	while IFS= read -r -d '' dir; do
		[ -e "${dir%/hpo}/campaign.ini" ] || continue
		"$BUILD_BIN/hpo-collect" --fsck "${dir%/hpo}" || {
			echo "teardown: --fsck of '${dir%/hpo}': status $?" >&2
			bad=1
		}
	done < <(find "$BATS_TEST_TMPDIR" -type d -name hpo -prune -print0)

	return $bad
}

setup() {
	helper_setup
}

teardown() {
	helper_teardown
}

# campaign NAME: make a campaign directory; campaign.ini is standard input.
campaign() {
	mkdir -p -- "$1" && cat >"$1/campaign.ini"
}

# not_under VARIANT REASON: skip the test in that variant of the suite.
not_under() {
	[ "${HPO_TEST_VARIANT-}" != "$1" ] || skip "under $1: $2"
}

# now_cs: hundredths of a second since boot, which no clock step changes.
now_cs() {
	local up

	read -r up _ </proc/uptime
	echo $((10#${up/./}))
}

# wait_for SECONDS COMMAND...: try COMMAND until it succeeds; fail when it
# has not within SECONDS.  The only way for a test to wait.
wait_for() {
	local end

	end=$(($(now_cs) + $1 * 100 * ${HPO_TEST_SLOWER:-1}))
	shift
	until "$@"; do
		if (($(now_cs) > end)); then
			echo "wait_for: in vain: $*" >&2
			return 1
		fi
		sleep 0.05
	done
}

# gone PID...: none of these processes is there any more (a zombie is not).
gone() {
	local pid state

	for pid; do
		state=$(ps -o stat= -p "$pid" 2>/dev/null) || continue
		[[ $state == Z* ]] || return 1
	done
}

# end_jobs: end what the test started with &, gently, then not.
end_jobs() {
	local pid pids=()

	for pid in $(jobs -p); do
		[[ ${helper_jobs-} == *" $pid "* ]] || pids+=("$pid")
	done
	[ "${#pids[@]}" -gt 0 ] || return 0
	kill -TERM "${pids[@]}" 2>/dev/null
	wait_for 5 gone "${pids[@]}" 2>/dev/null ||
		kill -KILL "${pids[@]}" 2>/dev/null
	return 0
}
