#!/usr/bin/env bats
# A campaign that a group shares: its users run trials, reclaim, cancel and
# collect each other's; and whoever would close to the others what he writes
# is told before he writes anything.

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
load ../lib/fault
load many

# Users and their group, by numbers that need no account.
ANNE=61001 BERT=61002 STRANGER=61003 GROUP=61100

setup() {
	local dir

	helper_setup
	[ "$(id -u)" -eq 0 ] || skip 'needs root, to be two others'
	setpriv --version >/dev/null || skip 'needs setpriv'
	case ${HPO_TEST_VARIANT-} in
	valgrind | cov) skip "others may not write $HPO_TEST_VARIANT's files" ;;
	esac
	for ((dir = 1; dir <= 3; dir++)); do
		chmod a+x "$PWD/$(printf '../%.0s' $(seq $((dir - 1))))."
	done
	# Where the programs are may be closed to others.
	cp -RL "$BUILD_BIN" bin
	chmod -R a+rX bin
	PATH=$PWD/bin:$PATH
}

teardown() {
	kill_marked
	helper_teardown
}

# as USER UMASK COMMAND...: run it as a member of the group; the stranger is
# none.  They all trust Anne.
as() {
	local uid=$1 umask=$2 group=(--groups "$GROUP")

	shift 2
	[ "$uid" -ne "$STRANGER" ] || group=(--clear-groups)
	# shellcheck disable=SC2016 # expanded by sh
	HPO_TEST_MARK=$FAULT_MARK HPO_TRUST=$ANNE HOME=/nonexistent \
		setpriv --reuid "$uid" --regid "$uid" "${group[@]}" \
		sh -c 'umask "$0" && exec "$@"' "$umask" "$@"
}

# shared TRIALS [LINE...]: Anne's campaign c, open to the group; its command
# is standard input.
shared() {
	storm_campaign c "$@"
	chown -R "$ANNE:$GROUP" c
	chmod 2775 c
	chmod 664 c/*
	as "$ANNE" 002 test -r c/campaign.ini || skip 'others cannot look here'
}

# open_to_group: all that is in hpo/ can be written by the group.
open_to_group() {
	local bad

	bad=$(find c/hpo \( -type d ! -perm -2070 -o -type f ! -perm -060 \
		-o ! -group "$GROUP" \) -printf '%M %g %p\n')
	same '' "$bad"
}

# not_as MESSAGE COMMAND...: it is refused with that, prints nothing, and
# leaves nothing behind, be it but for a moment.
not_as() {
	local message=$1 before

	shift
	before=$(find c -printf '%p %m %u %g\n')
	run -77 --separate-stderr "$@"
	same "$message" "$stderr"
	same '' "$output"
	same "$before" "$(find c -printf '%p %m %u %g\n')"
}

# A command that says whose it is.
say_user() {
	# shellcheck disable=SC2016 # variables of the command
	echo 'echo "hpo: y=$HPO_PARAM_x user=$(id -u)"'
}

@test "group: two users run a campaign together" {
	local user pids=()

	# Nobody goes on until both have begun one.
	{
		cat <<-EOT
			: >began.\$(id -u)
			until [ -e began.$ANNE ] && [ -e began.$BERT ]; do
				sleep 0.05 # sleep: the command
			done
		EOT
		say_user
	} | shared 60
	as "$ANNE" 002 hpo-sample -n 20 c >ids
	for user in $ANNE $BERT; do
		as "$user" 002 hpo-trial --loop c >"out.$user" &
		pids+=($!)
		as "$user" 002 hpo-dispatch --local -j2 c >"out2.$user" &
		pids+=($!)
	done
	wait_all "${pids[@]}"
	all_ok c 60
	as "$ANNE" 002 hpo-collect c >table
	same "$(cat table)" "$(as "$BERT" 002 hpo-collect c)"
	same "$(printf '%s\n' user $ANNE $BERT)" "$(head -n 1 table |
		grep -q 'metric\.user$' && echo user &&
		tail -n +2 table | sed 's/.*\t//' | sort -u)"
	same "$(tail -n +2 table | cut -f 1,2 --complement | wc -l)" \
		"$(cat out.* out2.* | wc -l)"
	for user in $ANNE $BERT; do
		as "$user" 002 hpo-collect --fsck c
	done
	open_to_group
	none_marked
}

# bats test_tags=slow
@test "group: each reclaims what a dead worker of the other had" {
	local dead reaper

	# shellcheck disable=SC2016 # variables of the command
	{ echo '[ "$HPO_ATTEMPT" -gt 0 ] || kill -KILL "$PPID"' && say_user; } |
		shared 1 'heartbeat = 0.2s' 'lease = 0.6s'
	for dead in $ANNE $BERT; do
		reaper=$((ANNE + BERT - dead))
		rm -rf c/hpo
		run -137 as "$dead" 002 hpo-trial c
		[ "$(count 'c/hpo/running/*/0000000.0')" -eq 1 ]
		as "$reaper" 002 hpo-dispatch --local -j1 c >out
		[ "$(cut -f 1,2 out)" = $'0\tok' ]
		same "$(printf '0\t1\tok\t%s' $reaper)" "$(hpo-collect c |
			sed '1d; s/\tlost@[^\t]*:$//; s/^\(0\t1\tok\t\).*\t/\1/')"
		# What else it left is removed by the other, too.
		wait_for 20 eval "as $reaper 002 hpo-trial --loop c
			! compgen -G 'c/hpo/running/*' &&
			! compgen -G 'c/hpo/tmp/*'"
		as "$dead" 002 hpo-collect --fsck c
		open_to_group
	done
	matrix reclaim "another user's worker killed" 2
}

@test "group: each may cancel, retry, pause and resume for the other" {
	local worker

	# shellcheck disable=SC2016 # variables of the command
	shared 1 'heartbeat = 0.2s' 'lease = 10m' <<-'EOT'
		[ "$HPO_ATTEMPT" -gt 0 ] || exec sleep 300
		echo "hpo: y=1"
	EOT
	as "$ANNE" 002 hpo-trial --loop c >out 2>err &
	worker=$!
	wait_for 10 at_least 1 'c/hpo/running/*/params.json'
	as "$BERT" 002 hpo-dispatch --cancel 0 c
	wait "$worker"
	[ "$(cut -f 1,2 out)" = $'0\tcancelled' ]
	as "$BERT" 002 hpo-dispatch --pause c
	as "$BERT" 002 hpo-dispatch --retry 0 c
	run -1 as "$ANNE" 002 hpo-dispatch --local c
	as "$ANNE" 002 hpo-dispatch --resume c
	as "$BERT" 002 hpo-trial --loop c >out2
	[ "$(cut -f 1,2 out2)" = $'0\tok' ]
	open_to_group
}

@test "group: a umask that closes what is shared is refused before anything is written" {
	local program umask

	say_user | shared 3
	as "$ANNE" 002 hpo-sample c >ids
	for umask in 077 027 022; do
		for program in hpo-sample hpo-trial 'hpo-trial --loop' \
			'hpo-trial --claim' 'hpo-dispatch --local' \
			'hpo-dispatch --pause' 'hpo-dispatch --cancel 0'; do
			# shellcheck disable=SC2086 # words wanted
			not_as "${program%% *}: your umask would close to others what you write in 'c', which user $ANNE shares with group $GROUP: set 'umask 002'" \
				as "$BERT" "$umask" $program c
		done
	done
	# To read it every umask will do.
	answers 0 '1 trial: 1 ready; clean' '' \
		as "$BERT" 077 hpo-collect --fsck c
}

# default_acl DIR...: what is made in them is rwxrwxr-x, whatever the umask:
# the list of linux/posix_acl_xattr.h for owner, group and others.
default_acl() {
	python3 - "$@" <<-'EOT'
		import os, struct, sys
		entries = ((1, 7), (4, 7), (32, 5))
		acl = struct.pack("<I", 2) + b"".join(
		    struct.pack("<HHI", tag, rights, 0xffffffff)
		    for tag, rights in entries)
		for path in sys.argv[1:]:
		    os.setxattr(path, "system.posix_acl_default", acl)
	EOT
}

@test "group: a default access control list stands above the umask" {
	local dirs

	say_user | shared 3
	as "$ANNE" 002 hpo-sample c >ids
	readarray -t dirs < <(find c/hpo -type d)
	default_acl "${dirs[@]}" 2>err || skip 'no such lists here'
	answers 0 1 '' as "$BERT" 077 hpo-sample c
	answers 0 2 '' as "$ANNE" 022 hpo-sample c
	run -0 as "$BERT" 077 hpo-trial --loop c
	all_ok c 3
	open_to_group
}

@test "group: directories that do not pass the group on are refused" {
	say_user | shared 3
	as "$ANNE" 002 hpo-sample c >ids
	find c -type d -exec chmod g-s {} +
	not_as "hpo-trial: what you write in 'c' would not be of group $GROUP, which user $ANNE shares it with: that takes 'chmod g+s' of all its directories" \
		as "$BERT" 002 hpo-trial c
	find c -type d -exec chmod g+s {} +
	run -0 as "$BERT" 002 hpo-trial c
	[ "$(cut -f 1,2 <<<"$output")" = $'0\tok' ]
}

@test "group: a campaign that was made with umask 077 says whose it is" {
	local program

	say_user | shared 3
	as "$ANNE" 077 hpo-sample c >ids
	for program in hpo-sample hpo-trial 'hpo-dispatch --local' \
		'hpo-dispatch --status' hpo-collect 'hpo-collect --fsck' \
		hpo-report; do
		# shellcheck disable=SC2086 # words wanted
		refused 77 "${program%% *}: 'c/hpo' belongs to user $ANNE, who has not shared it: that takes 'umask 002', and 'chmod -R g+rwX' of what is there" \
			as "$BERT" 002 $program c
	done
	# And so it is done.
	as "$ANNE" 002 chmod -R g+rwX c/hpo
	run -0 as "$BERT" 002 hpo-trial --loop c
	[ "$(wc -l <<<"$output")" -eq 3 ]
	open_to_group
}

@test "group: a trial that its maker closed is not run by another" {
	say_user | sed '1i : >ran' | shared 3
	as "$ANNE" 002 hpo-sample c >ids
	as "$ANNE" 022 hpo-sample c >>ids
	run -77 --separate-stderr as "$BERT" 002 hpo-trial c 1
	same "hpo-trial: 'c/hpo/trials/0000/0000001' belongs to user $ANNE, whose umask closed it to others: that takes 'umask 002', and 'chmod -R g+rwX' of what is there" \
		"$stderr"
	[ -z "$output" ]
	[ ! -e c/ran ]
	# Nothing is lost: Anne takes it back, or opens it.
	run -0 as "$ANNE" 002 hpo-trial --loop c
	all_ok c 3
}

@test "group: others read, and can neither write nor run" {
	local program table

	say_user | shared 3
	as "$ANNE" 002 hpo-dispatch --local -j1 c >out
	table=$(hpo-collect c)
	answers 0 "$table" '' as "$STRANGER" 002 hpo-collect c
	answers 0 '3 trials: 3 done; clean' '' \
		as "$STRANGER" 002 hpo-collect --fsck c
	answers 0 "$(hpo-report c)" '' as "$STRANGER" 002 hpo-report c
	sed -i 's/^trials = 3/trials = 4/' c/campaign.ini
	for program in hpo-sample hpo-trial 'hpo-dispatch --pause'; do
		# shellcheck disable=SC2086 # words wanted
		run -77 --separate-stderr as "$STRANGER" 002 $program c
		[ -z "$output" ]
		[[ $stderr == "${program%% *}: cannot "*": Permission denied" ]]
	done
}

@test "group: whom to trust may be said by number" {
	say_user | shared 1
	chown 61004 c/campaign.ini
	refused 77 "hpo-sample: 'c/campaign.ini' belongs to user 61004: name that user in HPO_TRUST if you trust the command in it" \
		as "$BERT" 002 hpo-sample c
	refused 77 "hpo-sample: 'c/campaign.ini' belongs to user 61004: name that user in HPO_TRUST if you trust the command in it" \
		as "$BERT" 002 env HPO_TRUST=6100,61004x hpo-sample c
	answers 0 0 '' as "$BERT" 002 env HPO_TRUST=root,61004 hpo-sample c
}

# bats test_tags=slow
@test "group: the umask is respected" {
	local umask

	# shellcheck disable=SC2016 # variables of the command
	{ say_user && echo 'echo x >"$HPO_DIR/file"'; } | shared 2
	for umask in 077 027 002; do
		rm -rf c/hpo
		as "$ANNE" "$umask" hpo-dispatch --local -j2 c >out
		as "$ANNE" "$umask" hpo-dispatch --drain c
		same "$(printf 'd %o\nf %o' $((0777 & ~0$umask)) \
			$((0666 & ~0$umask)))" \
			"$(find c/hpo -printf '%y %m\n' |
				sed 's/^d 2/d /' | sort -u)"
	done
}
