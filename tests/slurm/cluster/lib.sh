# shellcheck shell=sh
# What up, down and node have in common.  $dir is the directory of the cluster.
#
# A daemon is recorded in DIR/run/NAME.pid as "PID START", the start in clock
# ticks since boot: so a pid that belongs to somebody else by now is left alone.
: "${dir=}"

# Daemons are where a user's PATH may not look.
PATH=$PATH:/usr/sbin:/sbin

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# start_of PID: when it began; fails when it is not there, or but a zombie.
# The name in the second field may hold blanks and brackets of its own.
start_of() {
	stat_=$(cat "/proc/$1/stat" 2>/dev/null) || return
	# shellcheck disable=SC2086 # words wanted
	set -- ${stat_##*) }
	[ "$1" != Z ] && [ "$1" != X ] && echo "${20}"
}

# pid_of NAME: the pid of a daemon that is recorded and still runs.
pid_of() {
	pid_='' start_=''
	[ ! -r "$dir/run/$1.pid" ] || read -r pid_ start_ <"$dir/run/$1.pid"
	[ -n "$start_" ] && [ "$(start_of "$pid_")" = "$start_" ] &&
		echo "$pid_"
}

gone() {
	! pid_of "$1" >/dev/null
}

# spawn NAME COMMAND...: run a daemon in a session of its own.  It keeps none
# of the caller's descriptors: bats waits until its own are closed.
spawn() {
	name_=$1
	shift
	setsid "$@" </dev/null >>"$dir/log/$name_.out" 2>&1 \
	    3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	start_=$(start_of $!) || die "$name_ ended at once: $(tail -n 3 "$dir/log/$name_.out")"
	echo "$! $start_" >"$dir/run/$name_.pid"
}

# until_ok SECONDS COMMAND...: try it 20 times a second until it succeeds.
until_ok() {
	tries_=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		tries_=$((tries_ - 1))
		[ "$tries_" -gt 0 ] || return
		sleep 0.05
	done
}

# stop NAME SIGNAL SECONDS: end it; by force when it is still there then.
stop() {
	if victim_=$(pid_of "$1"); then
		kill -s "$2" "$victim_" 2>/dev/null
		until_ok "$3" gone "$1" || {
			kill -s KILL "$victim_" 2>/dev/null
			until_ok 2 gone "$1"
		}
	fi
	rm -f "$dir/run/$1.pid"
}

# start_controller: run slurmctld until it answers.
start_controller() {
	spawn slurmctld slurmctld -D -f "$SLURM_CONF"
	until_ok 20 scontrol ping
}

# start_node NAME: a node is a pid namespace with a host name and processes of
# its own, so that the end of its first process ends slurmd, slurmstepd and all
# jobs on it, as a power cut would.  That first process starts slurmd again
# when it has ended, as a service manager would, unless DIR/run/NAME.hold is
# there.
#
# A job with --export=NONE starts with a login of its user, once on each node:
# here without that user's own profile, which may be slow, and can do damage
# when it is cut off in its middle.
start_node() {
	mkdir -p "$dir/spool/$1"
	rm -f "$dir/run/$1.hold"
	user_=
	[ "$(id -u)" -eq 0 ] || user_='--user --map-current-user --keep-caps'
	home_=$(getent passwd "$(id -u)" | cut -d : -f 6)
	# shellcheck disable=SC2016,SC2086 # the inner shell expands; words
	spawn "$1" unshare $user_ --pid --fork --kill-child --mount-proc --uts \
	    sh -c '
		hostname "$2"
		for f in .profile .bash_profile .bash_login .bashrc .zshenv \
		    .zprofile .zshrc .zlogin .cshrc .tcshrc .login .kshrc; do
			[ ! -e "$3/$f" ] || mount --bind /dev/null "$3/$f"
		done
		while :; do
			while [ -e "$1/run/$2.hold" ]; do sleep 0.1; done
			slurmd -D -f "$1/etc/slurm.conf" -N "$2"
			sleep 0.2
		done' node "$dir" "$1" "$home_"
}

# slurmd_of NAME: the pid, as seen from here, of a node's slurmd: of those by
# that name the eldest, for a younger one is about to become slurmstepd.
slurmd_of() {
	top_=$(pid_of "$1") || return
	ps -eo pid=,ppid=,comm= | awk -v top="$top_" '
	{
		parent[$1] = $2
		if ($3 == "slurmd")
			slurmd[$1]
	}
	END {
		for (p in slurmd)
			for (q = p; q in parent; q = parent[q])
				if (q == top && (!best || p + 0 < best))
					best = p + 0
		if (!best)
			exit 1
		print best
	}'
}
