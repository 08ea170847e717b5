#!/bin/bash
# The first process of a user-mode Linux that serves NFS to itself, tries the
# programs on it, and ends the machine.  nfs.bats starts it, with
#
#   GUEST      a directory of the host's: what is written there is seen outside
#   BIN        the programs
#   MODULES    the kernel's
#   VERSION    of NFS: 3 or 4.2
#
# For each of the functions named at the end it writes a file of that name into
# GUEST: what it said, and as the last line its status.
#
# The rest of the host's files are there to be read.  /run/exp is an ext4 that
# is exported; /run/a and /run/b are two mounts of it which share no cache, as
# two hosts' would; what the server itself has is in /run/exp.
set -u
export PATH=$BIN:$GUEST:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/run
export TMPDIR=/run
umask 022
SERVER=2049 # its port
PROXY=3049

# file_systems: what a machine needs first.
file_systems() {
	mount -t proc proc /proc && mount -t sysfs sysfs /sys &&
		mount -t tmpfs tmpfs /run || return
	echo first >/proc/sys/kernel/hostname
	ln -s /proc/self/fd /dev/fd
	mkdir -p /dev/shm /run/exp /run/a /run/b /run/host /run/recovery
	mount -t hostfs -o "$GUEST" none /run/host &&
		: >/run/host/booted && mount -t ext4 /dev/ubda /run/exp
}

# modules NAME...: load these, each after those it needs.
modules() {
	local name files

	for name; do
		# A line of modules.dep names the first to be loaded last.
		files=$(sed -n "s|:||; \\|/$name\\.ko |p" "$MODULES/modules.dep" |
			tr ' ' '\n' | sed "s|^|$MODULES/|" | tac)
		# shellcheck disable=SC2086 # a word each
		nfs module $files || return
	done
}

# serve: let the kernel serve /run/exp.
serve() {
	nfs up && modules nfsd nfsv3 nfsv4 &&
		mount -t nfsd nfsd /proc/fs/nfsd || return
	nfs portmap &
	until [ -S /run/rpcbind.sock ]; do
		sleep 0.01
	done
	echo /run/recovery >/proc/fs/nfsd/nfsv4recoverydir
	echo 10 >/proc/fs/nfsd/nfsv4leasetime
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	start_server && echo Y >/proc/fs/nfsd/v4_end_grace
}

# start_server, stop_server: it forgets what it exports when it stops.
start_server() {
	nfs export /run/exp && echo 4 >/proc/fs/nfsd/threads
}

stop_server() {
	echo 0 >/proc/fs/nfsd/threads
}

# clients PORT: mount it twice, and be in a campaign's directory above.
clients() {
	nfs mount "$VERSION" "$1" /run/a && nfs mount "$VERSION" "$1" /run/b
}

# until_true SECONDS COMMAND...: wait for it.
until_true() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -le "$end" ] || { echo "in vain: $*" && return 1; }
		sleep 0.05
	done
}

# campaign NAME TRIALS [FILE]: make it on the server; with FILE its commands
# wait for that.
campaign() {
	mkdir "/run/exp/$1" || return
	cat >"/run/exp/$1/campaign.ini" <<-EOT
		[campaign]
		minimize = y
		trials = $2
		[space]
		x = uniform(0, 1)
		[run]
		command = $GUEST/nfs run ${3-}
	EOT
}

# on_a COMMAND...: run it on the first client.
on_a() {
	(cd "/run/a/$CAMPAIGN" && exec "$@")
}

# on_b COMMAND...: run it on the second, which is another host: its name and
# its processes are others.
on_b() {
	(cd "/run/b/$CAMPAIGN" &&
		exec unshare --uts --pid --fork --mount-proc \
			sh -c 'echo second >/proc/sys/kernel/hostname && exec "$@"' sh "$@")
}

# count GLOB: how many files match it.
count() {
	compgen -G "$1" | wc -l
}

# at_least N GLOB: so many files match it by now.
at_least() {
	[ "$(count "$2")" -ge "$1" ]
}

# wait_all PID...: all of them end, and with 0.
wait_all() {
	local pid bad=0

	for pid; do
		wait "$pid" || { echo "$pid ended with $?" && bad=1; }
	done
	return $bad
}

# all_once N [LINES]: the trials 0 to N-1 have ended as ok, each with one
# result, that of its first attempt, and each was told of once in the file
# LINES; both clients and the server see that.
all_once() {
	local dir want

	want=$(seq 0 $(($1 - 1)) | sed 's/$/\t0\tok/')
	for dir in a b exp; do
		cd "/run/$dir/$CAMPAIGN" || return
		hpo-collect --fsck || return
		hpo-collect | tail -n +2 | cut -f 1-3 | diff <(echo "$want") - ||
			return
	done
	[ "$(count "hpo/trials/*/*/result.*")" -eq "$1" ] ||
		{ echo 'some ran twice' && return 1; }
	[ $# -lt 2 ] || diff <(cut -f 1,3 <<<"$want") \
		<(cut -f 1,2 "$2" | sort -n)
}

# matrix OPERATION FAULT TIMES: what was tried and held.
matrix() {
	printf 'matrix\t%s\t%s\t%d\n' "$@"
}

# storm: eight workers on two clients, who all want the same, while others
# look on.
storm() {
	local i pids=() n=200

	campaign storm $n && on_a hpo-sample -n $n >/run/ids || return
	for ((i = 0; i < 4; i++)); do
		on_a hpo-trial --loop >/run/lines.$i &
		pids+=($!)
		on_b hpo-trial --loop >/run/lines.1$i &
		pids+=($!)
	done
	while [ "$(count "/run/exp/storm/hpo/done/*/*")" -lt $n ]; do
		on_a hpo-collect --fsck >/run/fsck 2>&1 ||
			{ cat /run/fsck && return 1; }
		kill -0 "${pids[@]}" 2>/dev/null || break
	done
	wait_all "${pids[@]}" || return
	cat /run/lines.* >/run/lines && all_once $n /run/lines || return
	matrix claim "NFS $VERSION claim storm" "$n"
}

# stale: what a client looked up a moment ago, or listed, is not so any more.
stale() {
	local i n=4 name

	campaign stale $n || return
	for ((i = 0; i < n; i++)); do
		name=$(printf 'hpo/ready/0000/%07d.0' $i)
		# The second remembers what is not there, and what is.
		on_b sh -c "ls -lR . >/run/ls; test ! -e $name" || return
		[ "$(on_a hpo-sample)" = $i ] || return
		on_b hpo-trial . $i >/run/line || { echo "trial $i: $?" && return 1; }
		[ "$(cut -f 1,2 /run/line)" = $i$'\t'ok ] || return
		on_a hpo-collect | grep -q "^$i	0	ok" ||
			{ echo "no row of $i yet" && return 1; }
		# And that it is waiting, which it is not.
		on_a hpo-trial . $i >/run/again
		[ "$(cat /run/again)" = "$(cat /run/line)" ] ||
			{ echo "said of $i: $(cat /run/again)" && return 1; }
	done
	all_once $n || return
	matrix claim "NFS $VERSION stale lookups" "$n"
}

# estale: what a worker has open is removed on the server, and there again.
estale() {
	local pids=() n=2

	campaign estale $n /run/go && on_a hpo-sample -n $n >/run/ids || return
	on_a hpo-trial --loop >/run/lines.a &
	pids+=($!)
	on_b hpo-trial --loop >/run/lines.b &
	pids+=($!)
	cd /run/exp/estale &&
		until_true 20 at_least $n 'hpo/running/*/0*' &&
		until_true 20 at_least $n 'hpo/trials/*/*/log.0' || return
	cp -a hpo new && mv hpo old && mv new hpo && rm -r old || return
	cd /
	sync
	echo 3 >/proc/sys/vm/drop_caches
	touch /run/go
	wait_all "${pids[@]}" || return
	cat /run/lines.[ab] >/run/lines && all_once $n /run/lines || return
	matrix run "NFS $VERSION ESTALE" "$n"
}

# restart: the server is away for a while, twice.
restart() {
	local pids=() i n=30

	campaign restart $n && on_a hpo-sample -n $n >/run/ids || return
	on_a hpo-trial --loop >/run/lines.a &
	pids+=($!)
	on_b hpo-trial --loop >/run/lines.b &
	pids+=($!)
	for i in 1 2; do
		until_true 60 at_least $((i * n / 3)) \
			'/run/exp/restart/hpo/done/*/*' || return
		stop_server && sleep 0.5 && start_server || return
	done
	wait_all "${pids[@]}" || return
	cat /run/lines.[ab] >/run/lines && all_once $n /run/lines || return
	matrix run "NFS $VERSION server restart" 2
}

# dropped: a whole campaign, where every 50th reply is lost.
dropped() {
	local n=40 lost worker

	campaign dropped $n && on_a hpo-sample -n 10 >/run/ids || return
	on_b hpo-trial --loop >/run/lines.b &
	worker=$!
	on_a hpo-dispatch --local -j2 >/run/lines.a || return
	wait_all $worker || return
	cat /run/lines.[ab] >/run/lines && all_once $n /run/lines || return
	lost=$(wc -c </run/lost)
	[ "$lost" -ge 20 ] || { echo "only $lost were lost" && return 1; }
	matrix run "NFS $VERSION lost reply" "$lost"
}

# try FUNCTION...: in order; each with the seconds it took.
try() {
	local start

	for CAMPAIGN; do
		start=$SECONDS
		{
			"$CAMPAIGN" 3>&-
			echo "status $? ($((SECONDS - start)) s)"
		} >"/run/host/$CAMPAIGN" 2>&1
		cd /
	done
}

main() {
	cd / && file_systems && serve && clients $SERVER || return
	try storm stale estale restart
	# Where one server is known by two addresses NFS 4 uses the first.
	umount /run/a && umount /run/b || return
	proxy $PROXY $SERVER 50 /run/lost &
	until_true 10 clients $PROXY 2>/dev/null && try dropped
}

main >/dev/console 2>&1
sync
exec nfs off
