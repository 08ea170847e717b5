#!/usr/bin/env bash
# shellcheck disable=SC2317 # each_cut calls prepare, act and finished
# The power cuts of cut.bats: each of its tests is a function here, with a file
# system of its own, mounted where nobody else sees it.
#
# usage: unshare -m cut.bash ext4|xfs FUNCTION
#
# In an empty directory, with the programs on PATH and the library that
# cutat.c is in $CUTAT.  What went wrong is said on standard output, what was
# done on descriptor 3.  The file system is in the file ram/img and mounted on
# m; its campaign is m/c, also called c.  What the programs have printed is
# kept outside of it.
set -u
FS=$1
FAULT_MARK=$PWD
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=SCRIPTDIR/../lib/helper.bash
. "$here/../lib/helper.bash"
# shellcheck source=SCRIPTDIR/../lib/fault.bash
. "$here/../lib/fault.bash"

# disk: make a file system and mount it.
disk() {
	mkdir -p m ram && mount -t tmpfs tmpfs ram || return
	case $FS in
	ext4) truncate -s 64M ram/img && mkfs.ext4 -q ram/img ;;
	xfs) truncate -s 320M ram/img && mkfs.xfs -q ram/img ;;
	esac && plug && mkdir m/c && ln -s m/c c
}

# plug, unplug: mount it, unmount it.
plug() {
	mount -t "$FS" -o loop ram/img m
}

unplug() {
	umount m
}

# power_cycle: end what runs on it, whose power is gone; let the file system
# mend itself.  Once it is unmounted nothing is left that uses it.
power_cycle() {
	unplug 2>/dev/null || {
		kill_marked
		wait_for 10 unplug 2>>mount.err || return
	}
	plug 2>>mount.err || return
	# Else this is the one that was shut down: somebody still has it.
	touch m/alive && rm m/alive
}

# disk_is_sound: unmount the file system and let its own checker look at it.
disk_is_sound() {
	wait_for 10 unplug || return
	case $FS in
	ext4) e2fsck -fn ram/img ;;
	xfs) xfs_repair -n -f ram/img ;;
	esac >fsck.disk 2>&1 || { cat fsck.disk && return 1; }
}

# acknowledged [all]: what hpo-sample (the file ids) and hpo-trial (lines) have
# said is true: there are those trials, and those results; no result was told
# of twice.  And with `all` each trial has ended as ok.
acknowledged() {
	hpo-collect --all c >table || return
	awk -F '\t' -v all="${1-}" '
	FILENAME == "table" && FNR == 1 {
		for (i = 1; i <= NF; i++)
			column[$i] = i
		next
	}
	FILENAME == "table" {
		state[$1] = $column["status"]
		value[$1] = $column["minimize.y"]
		if (all != "" && state[$1] != "ok") {
			print "not finished: trial " $1
			bad = 1
		}
		next
	}
	!/^[0-9]+(\t|$)/ { next } # cut off
	!($1 in state) { print "lost: trial " $0; bad = 1 }
	FILENAME == "lines" && $2 == "ok" &&
	    (state[$1] != "ok" || value[$1] != $3) {
		print "lost: " $0 "; there is " state[$1], value[$1]
		bad = 1
	}
	FILENAME == "lines" && $2 == "ok" && told[$1]++ {
		print "told of twice: " $0
		bad = 1
	}
	END { exit bad }' table ids lines
}

# rows_of TABLE: without the columns that it may have got since, which are absent
# in older rows.
rows_of() {
	sed '1d; s/\t*$//' "$1"
}

# rows_are_there: every row that hpo-collect has ever printed (the file rows)
# is in the table now.
rows_are_there() {
	hpo-collect c >table || return
	sort -u rows | comm -23 - <(rows_of table | sort -u) >missing
	[ ! -s missing ] || { sed 's/^/lost: /' missing && return 1; }
}

# matrix OPERATION FAULT TIMES: what was tried and held.
matrix() {
	echo "# $1: $2: $3" >&3
	[ -z "${HPO_MATRIX-}" ] || printf '%s\t%s\t%d\n' "$@" >>"$HPO_MATRIX"
}

# prepared FUNCTION: put the campaign that the function makes onto the disk,
# with the ids that it had printed.
prepared() {
	mkdir -p prep
	(cd prep && rm -rf c && "$1") || return
	rm -rf m/c && cp -R prep/c m/c && sync -f m || return
	: >ids && : >lines
	[ ! -e prep/ids ] || cp prep/ids ids
}

# with_cut K LOG PROGRAM COMMAND...: run the command; before the K-th call of
# PROGRAM that changes the disk the power goes.  Fails if there are fewer.
with_cut() {
	local at=$1 log=$2 program=$3

	shift 3
	rm -f fired
	LD_PRELOAD=$CUTAT HPO_CUT_UNDER=$PWD/m HPO_CUT_AT=$at \
		HPO_CUT_LOG=$log HPO_CUT_PROG=$program \
		HPO_CUT_FIRED=$PWD/fired mark "$@" 2>err
	[ -e fired ]
}

# survive: all that was said is true, the campaign is sound, and the next run
# finishes it.
survive() {
	acknowledged >lost || complain 'something is lost' lost || return
	hpo-collect --fsck c >fsck 2>&1 ||
		complain "fsck says $?" fsck err || return
	mark hpo-trial --loop c >>lines 2>err2 ||
		complain "the next run ends with $?" err2 err || return
	hpo-collect --fsck c >fsck 2>&1 ||
		complain "fsck says $? at the end" fsck || return
	finished >lost || complain 'not all is well' lost table lines
}

# finished: how it is at the end, where all three trials can be run.
finished() {
	acknowledged all && [ "$(tail -n +2 table | wc -l)" -eq 3 ]
}

# each_cut OPERATION PROGRAM: the power goes before each call of PROGRAM; what
# was not synced by then is lost, or only contents of files are.  The caller
# defines prepare, which makes c anew; act, which runs the program through
# `with_cut K LOG PROGRAM`, its arguments; and perhaps finished.
each_cut() {
	local operation=$1 program=$2 log k fault total=0

	for log in lost kept; do
		for ((k = 1; ; k++)); do
			fault="$FS, log $log, power cut before call $k"
			[ "$k" -lt 1000 ] || complain 'no end' || return
			prepare || complain 'cannot prepare' || return
			act "$k" "$log" "$program" || break
			power_cycle ||
				complain 'cannot mount it' mount.err || return
			survive || return
			total=$((total + 1))
		done
		# The last one has ended by itself.
		[ "$k" -gt 1 ] || complain 'it never came to it' err || return
		survive || return
	done
	disk_is_sound || return
	matrix "$operation" "power cut $FS" "$total"
}

# sampled: hpo-sample makes three trials; there was nothing before.
sampled() {
	prepare() {
		prepared fault_campaign
	}
	act() {
		with_cut "$@" hpo-sample -n 3 c >ids
	}
	each_cut new hpo-sample
}

# ran: a worker runs three trials, of which nobody else has synced anything;
# one fails at first, so that a token is held and released too.
ran() {
	retried() {
		fault_campaign
		printf '%s\n' 'retries = 1' 'backoff = 0.02s' >>c/campaign.ini
		# shellcheck disable=SC2016 # variables of the command
		sed -i '1i [ "$HPO_TRIAL$HPO_ATTEMPT" != 10 ] || exit 1' c/cmd
	}
	prepare() {
		prepared retried && hpo-sample -n 3 c >ids
	}
	act() {
		with_cut "$@" hpo-trial --loop c >lines
	}
	each_cut claim hpo-trial
}

# reclaimed: a worker takes the only trial from one that is dead.
reclaimed() {
	taken() {
		[ ! -d taken ] || { cp -R taken c && return; }
		fault_campaign && cp c/cmd . && hpo-sample c >ids || return
		sed -i 's/^trials = .*/trials = 1/' c/campaign.ini
		# shellcheck disable=SC2016 # a variable of the command
		echo 'kill -KILL "$PPID"' >c/cmd
		(hpo-trial c 0) >out 2>&1
		mv cmd c && cp -R c taken
		compgen -G 'c/hpo/running/*/0000000.0' >out
	}
	prepare() {
		prepared taken
	}
	finished() {
		acknowledged all && [ "$(tail -n +2 table | wc -l)" -eq 1 ]
	}
	act() {
		with_cut "$@" hpo-trial --loop c >lines
	}
	each_cut reclaim hpo-trial
}

# revived: the user lets failed trials run again.
revived() {
	failed() {
		[ ! -d failed ] || { cp -R failed c && return; }
		fault_campaign && cp c/cmd . && echo 'exit 1' >c/cmd
		hpo-sample -n 3 c >ids && hpo-trial --loop c >out || return
		mv cmd c && cp -R c failed
	}
	prepare() {
		prepared failed
	}
	act() {
		with_cut "$@" hpo-dispatch --retry failed c >out
	}
	# What it did not come to, the user asks for again.
	finished() {
		hpo-dispatch --retry failed c >out 2>err2
		hpo-trial --loop c >>lines 2>err2 && acknowledged all
	}
	each_cut retry hpo-dispatch
}

# cancelled: the user gives up trials that wait.
cancelled() {
	waiting() {
		fault_campaign && hpo-sample -n 3 c >ids
	}
	prepare() {
		prepared waiting
	}
	act() {
		with_cut "$@" hpo-dispatch --cancel 0-1 c >out
	}
	# Each of the two has ended one way or the other.
	finished() {
		acknowledged && [[ $(tail -n +2 table | cut -f 1,3 |
			tr '\t\n' ': ') =~ \
			^0:(ok|cancelled)' '1:(ok|cancelled)' '2:ok' '$ ]]
	}
	each_cut cancel hpo-dispatch
}

# unsynced: programs that sync nothing run; then the power goes, and what they
# have said is not true: so a cut does lose something, and it is noticed.
unsynced() {
	local cut

	for cut in shutdown 'shutdown -f'; do
		prepared fault_campaign || return
		LD_PRELOAD=$CUTAT HPO_CUT_NOSYNC=1 hpo-sample -n 3 c >ids &&
			LD_PRELOAD=$CUTAT HPO_CUT_NOSYNC=1 \
				hpo-trial --loop c >lines || return
		[ "$(wc -l <lines)" -eq 3 ] || return
		xfs_io -x -c "$cut" m && power_cycle || return
		! acknowledged >lost 2>&1 || {
			echo "$FS: nothing is lost by $cut" && return 1
		}
	done
}

# more_trials N: raise the budget to N more than have ended.
more_trials() {
	local n

	n=$(find c/hpo/done/ -type f 2>/dev/null | wc -l)
	sed "s/^trials = .*/trials = $((n + $1))/" c/campaign.ini >ini &&
		cp ini m/c/campaign.ini && sync -f m
}

# collect_for_ever: keep the rows of all tables that were finished.
collect_for_ever() {
	while hpo-collect c >table.now 2>/dev/null; do
		rows_of table.now >>rows
	done
}

# sample_for_ever: keep some trials waiting.
sample_for_ever() {
	while hpo-sample --fill 10 c >>ids 2>/dev/null || [ $? -eq 1 ]; do
		:
	done
}

# busy ROUND: start programs of all kinds on c: a dispatcher with two workers,
# or two workers and a sampler.  Leaves the pids of loops in $loops.
busy() {
	if [ $(($1 % 2)) -eq 1 ]; then
		HPO_TEST_MARK=$FAULT_MARK hpo-dispatch --local -j2 c \
			>>lines 2>>err 3>&- &
	else
		HPO_TEST_MARK=$FAULT_MARK hpo-trial --loop c \
			>>lines 2>>err 3>&- &
		HPO_TEST_MARK=$FAULT_MARK hpo-trial --loop c \
			>>lines 2>>err 3>&- &
		sample_for_ever 3>&- &
		loops=$!
	fi
	collect_for_ever 3>&- &
	loops="${loops-} $!"
}

# said: the sizes of what has been said so far; unsay SIZES: nothing else was,
# nor the last line, which may be cut off.
said() {
	stat -c %s lines ids rows
}

unsay() {
	local file

	for file in lines ids rows; do
		head -c "$1" $file | sed '$d' >whole && mv whole $file
		shift
	done
}

# any_moment: a campaign lives through 24 cuts at random moments.
any_moment() {
	local i fault cut loops us said cuts=24

	RANDOM=${HPO_TEST_SEED:=$RANDOM}
	echo "# HPO_TEST_SEED=$HPO_TEST_SEED" >&3
	fault_campaign
	sed -i '1i sleep 0.01' c/cmd
	printf '%s\n' 'losses = 1000' >>c/campaign.ini
	for ((i = 1; i <= cuts; i++)); do
		more_trials 200 || return
		busy $i
		# A dispatcher takes its time to come up.
		us=$((i % 2 * 250000 + RANDOM * 20))
		cut=shutdown
		((RANDOM % 2)) || cut='shutdown -f'
		fault="$FS, $cut $i"
		# Until the power goes; sleep: when is left to chance.
		sleep "$(printf '0.%06d' "$us")"
		# After the cut fsync(2) of a directory of xfs may say that all
		# is well, where after a real one nobody says anything.
		said=$(said)
		xfs_io -x -c "$cut" m
		# shellcheck disable=SC2086 # a word each
		kill $loops 2>/dev/null
		kill_marked
		wait 2>/dev/null
		# shellcheck disable=SC2086 # words wanted
		unsay $said
		power_cycle ||
			complain 'cannot mount it' mount.err || return
		acknowledged >lost || complain 'something is lost' lost ||
			return
		hpo-collect --fsck c >fsck 2>&1 ||
			complain "fsck says $?" fsck err || return
	done
	# shellcheck disable=SC2034 # complain says it
	fault="$FS, the last run"
	more_trials 20 || return
	mark hpo-dispatch --local -j2 c >>lines 2>err ||
		complain "it ends with $?" err || return
	acknowledged all && rows_are_there && hpo-collect --fsck c || return
	echo "# $FS: there are all $(wc -l <ids) ids, $(wc -l <lines)" \
		"results, $(wc -l <rows) rows that were acknowledged" >&3
	disk_is_sound || return
	matrix run "power cut $FS" $cuts
}

trap kill_marked EXIT
: >ids && : >lines && : >rows
disk || exit
"$2"
