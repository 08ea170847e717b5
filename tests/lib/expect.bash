# shellcheck disable=SC2154 # variables of bats
# What the tests of the programs expect: `load lib/expect`, after helper.

# same WANT GOT: they are equal, or the difference is shown.
same() {
	[ "$1" = "$2" ] || {
		diff -u --label wanted --label got \
		    <(printf '%s\n' "$1") <(printf '%s\n' "$2")
		return 1
	}
}

# listing: all that is in this directory, to see whether it changes; but for
# what bats puts there, and heartbeats.
listing() {
	find . -mindepth 1 ! -name 'separate-stderr-*' ! -name heartbeat -printf '%p %y %m %s %T@\n' | LC_ALL=C sort
}

# refused STATUS MESSAGE COMMAND...: it ends so, says just that on standard
# error and nothing on standard output, and changes nothing here.
refused() {
	local status_wanted=$1 message=$2 before

	shift 2
	before=$(listing)
	run --separate-stderr "$@"
	same "status $status_wanted
$message" "status $status
$stderr"
	same '' "$output"
	same "$before" "$(listing)"
}

# answers STATUS OUTPUT MESSAGE COMMAND...: it ends so, prints just that on
# standard output and on standard error.
answers() {
	local want="status $1
$2
--
$3"

	shift 3
	# bats has its doubts about a status of 127 that is not announced.
	if [[ $want == 'status 127'* ]]; then
		run -127 --separate-stderr "$@"
	else
		run --separate-stderr "$@"
	fi
	same "$want" "status $status
$output
--
$stderr"
}
