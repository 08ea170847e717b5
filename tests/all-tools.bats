#!/usr/bin/env bats
# What every program promises, asked of each of them: options, messages,
# standard streams, the environment, the place of the campaign.

# shellcheck disable=SC2016 # much here is for other shells
bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect

# A campaign c of three trials, of which two have ended.
setup() {
	helper_setup
	programs=$(cd "$BUILD_BIN" && echo hpo-*)
	campaign c <<-'EOT'
		[campaign]
		name = c
		minimize = loss
		trials = 3
		[space]
		x = uniform(0, 1)
		[run]
		command = sh run.sh {id}
	EOT
	echo 'echo hpo: loss=$1.5' >c/run.sh
	hpo-trial --slot 1 c >/dev/null
	hpo-trial --slot 1 c >/dev/null
}

# data PROGRAM: words that make it print data of c, and change nothing.
data() {
	case $1 in
	hpo-sample) words=(--dry-run) code=0 ;;
	hpo-trial) words=(0) code=0 ;;
	hpo-dispatch) words=(--status) code=1 ;;
	*) words=() code=0 ;;
	esac
}

# options PROGRAM: "NAME" or "NAME ARGUMENT" for each, from its --help.
options() {
	"$1" --help | sed -n 's/^  .\{4\}--\([a-z-]*\) \([A-Z]*\) .*/\1 \2/p
	    s/^  .\{4\}--\([a-z-]*\)  .*/\1/p' | sed 's/ *$//'
}

@test "all: there are five" {
	same 'hpo-collect hpo-dispatch hpo-report hpo-sample hpo-trial' \
	    "$programs"
}

@test "all: --help and -h say the same, on standard output" {
	for program in $programs; do
		run -0 --separate-stderr "$program" --help
		same '' "$stderr"
		help=$output
		[ "${lines[0]%% \[options\]*}" = "usage: $program" ]
		echo "$help" | grep -qE '^  -h, --help  +print this help$'
		echo "$help" | grep -qE '^  -V, --version  +print the version$'
		same '' "$(echo "$help" | grep '.\{81\}' || :)"
		same "$(options "$program")" "$(options "$program" | sort)"
		answers 0 "$help" '' "$program" -h
		answers 0 "$help" '' "$program" --help nonsense no-such-campaign
	done
}

@test "all: --version and -V say the same" {
	for program in $programs; do
		answers 0 "$program $(cat "$TOP/VERSION")" '' "$program" --version
		answers 0 "$program $(cat "$TOP/VERSION")" '' "$program" -V
	done
}

@test "all: an unknown option is refused, with a suggestion" {
	for program in $programs; do
		refused 64 "$program: unknown option '--no-such-thing', see '$program --help'" \
		    "$program" --no-such-thing c
		refused 64 "$program: unknown option '--no-such-thing', see '$program --help'" \
		    "$program" c --no-such-thing=3
		refused 64 "$program: unknown option '--hlep', did you mean '--help'?" \
		    "$program" --hlep
		refused 64 "$program: unknown option '-Q', see '$program --help'" "$program" -Q
	done
}

@test "all: an abbreviated option is refused" {
	for program in $programs; do
		local name

		for name in $(options "$program" | cut -d ' ' -f 1); do
			run --separate-stderr "$program" "--${name%?}" c
			same "64 " "$status $output"
			[[ $stderr == "$program: unknown option '--${name%?}', "* ]]
		done
		refused 64 "$program: unknown option '--hel', did you mean '--help'?" \
		    "$program" --hel
	done
}

@test "all: options that lack an argument, or have one too many" {
	for program in $programs; do
		local name arg

		while read -r name arg; do
			if [ -n "$arg" ]; then
				refused 64 "$program: option '--$name' needs an argument" \
				    "$program" c "--$name"
			else
				refused 64 "$program: option '--$name' takes no argument" \
				    "$program" "--$name=3" c
			fi
		done < <(options "$program")
	done
}

@test "all: one campaign at a time, where one is meant" {
	for program in $programs; do
		case $program in
		hpo-collect | hpo-report) ;;
		*) refused 64 "$program: one campaign at a time, not 'd'" "$program" c d ;;
		esac
	done
}

@test "all: a full disk under standard output is noticed" {
	[ -c /dev/full ] || skip 'needs /dev/full'
	for program in $programs; do
		local words=() option

		data "$program"
		for option in --help --version "c ${words[*]}"; do
			# shellcheck disable=SC2086 # words wanted
			run --separate-stderr sh -c '"$@" >/dev/full' sh "$program" $option
			same 75 "$status"
			[[ $stderr == "$program: cannot write "*": No space left on device" ]]
			same 1 "${#stderr_lines[@]}"
		done
	done
}

@test "all: a closed standard output is noticed" {
	not_under valgrind 'its log takes the closed descriptor'
	for program in $programs; do
		local words=() option

		data "$program"
		for option in --help --version "c ${words[*]}"; do
			# shellcheck disable=SC2086 # words wanted
			run --separate-stderr sh -c '"$@" >&-' sh "$program" $option
			same 74 "$status"
			[[ $stderr == "$program: cannot write "*": Bad file descriptor" ]]
			same 1 "${#stderr_lines[@]}"
		done
	done
}

@test "all: closed standard input and error do no harm" {
	for program in $programs; do
		local words=() code want

		data "$program"
		want=$("$program" "${words[@]}" c 2>/dev/null) || :
		run "-$code" sh -c 'exec "$@" <&- 2>&-' sh "$program" "${words[@]}" c
		same "$want" "$output"
		run -64 sh -c 'exec "$@" <&- 2>&- >&-' sh "$program" --nonsense
	done
	run -0 hpo-collect --fsck c
}

@test "all: a reader that goes away ends it" {
	for program in $programs; do
		local words=() status_of

		data "$program"
		status_of=$(
			set +o pipefail
			timeout 20 "$program" "${words[@]}" c 2>err | true
			echo "${PIPESTATUS[0]}"
		)
		# Who has written before the end came may not have noticed.
		case $status_of in
		"$code" | 141 | 74) ;;
		*)
			echo "$program: $status_of"
			return 1
			;;
		esac
	done
}

@test "all: odd locales and time zones change nothing" {
	for program in $programs; do
		local words=() code want

		data "$program"
		run "-$code" --separate-stderr "$program" "${words[@]}" c
		want=$output
		for locale in tr_TR.UTF-8 de_DE.UTF-8 no_SUCH C.UTF-8 ''; do
			for zone in Asia/Kathmandu No/Such ''; do
				run "-$code" --separate-stderr env \
				    LC_ALL="$locale" LANG="$locale" \
				    TZ="$zone" "$program" "${words[@]}" c
				same "$want" "$output"
				same '' "$stderr"
			done
		done
	done
}

@test "all: what is made does not depend on locale or time zone" {
	cp -R c d
	for dir in c d; do
		rm -r $dir/hpo
		hpo-sample -n 3 $dir >ids
		hpo-trial $dir 0 1 >out
		export LC_ALL=tr_TR.UTF-8 TZ=Asia/Kathmandu
	done
	diff <(cd c && hpo-collect --all . | cut -f 1-4,8-) \
	    <(cd d && hpo-collect --all . | cut -f 1-4,8-)
	stamp=$(env -u TZ date -u +%Y-%m-%dT%H)
	started=$(hpo-collect d | tail -n 1 | cut -f 5)
	[[ $started == "$stamp"* || $started == *:59:??Z || $started == *:00:??Z ]]
}

@test "all: no descriptor but the standard ones reaches a command" {
	not_under valgrind 'it opens some of its own'
	sed -i 's/^trials = 3/trials = 5/
	    s|^command = .*|command = ls -l /proc/self/fd|' c/campaign.ini
	printf '[metrics]\nloss = total\n' >>c/campaign.ini
	# bats has some of its own.
	cat >close.sh <<-'EOT'
		for fd in /proc/$$/fd/*; do
			fd=${fd##*/}
			[ "$fd" -le 2 ] || eval "exec $fd>&-"
		done
		exec "$@"
	EOT
	run -0 bash close.sh hpo-trial --slot 1 c
	run -0 bash close.sh hpo-dispatch --local -j 2 c
	for id in 2 3 4; do
		log=c/hpo/trials/0000/000000$id/log.0
		same '0 /dev/null
1 pipe
2 pipe
3 /proc/N/fd' "$(sed -n 's/.* \([0-9]*\) -> /\1 /p' $log |
		    sed 's/:.*//; s|/proc/[0-9]*/|/proc/N/|')"
	done
}

@test "all: a campaign that cannot be written can be read" {
	not_under valgrind 'another user cannot write its reports'
	local as=(env)

	if [ "$(id -u)" -eq 0 ]; then
		command -v setpriv >/dev/null || skip 'needs setpriv'
		as=(setpriv --reuid nobody --clear-groups)
		chmod a+rx . ..
		"${as[@]}" test -r c/campaign.ini || skip 'nobody cannot look here'
	fi
	chmod -R a-w c
	for program in $programs; do
		local words=() code want

		data "$program"
		want=$("$program" "${words[@]}" c) || :
		[ "$program" != hpo-trial ] || continue # which runs, or says it did
		answers "$code" "$want" '' "${as[@]}" env HPO_TRUST=root \
		    "$program" "${words[@]}" c
	done
	before=$(listing)
	for command in hpo-sample hpo-trial 'hpo-dispatch --local' \
	    'hpo-dispatch --pause'; do
		# shellcheck disable=SC2086 # words wanted
		run --separate-stderr "${as[@]}" env HPO_TRUST=root $command c
		same '77 ' "$status $output"
		[[ $stderr == "${command%% *}: cannot "*": Permission denied" ]]
		same 1 "${#stderr_lines[@]}"
	done
	same "$before" "$(listing)"
	chmod -R u+w c
}

@test "all: every line of a message starts with the program" {
	sed -i 's/^trials/treils/; s/^x = .*/x = unifrom(0, 1)/' c/campaign.ini
	for program in $programs; do
		local words=() code

		data "$program"
		run -65 --separate-stderr "$program" "${words[@]}" c
		same '' "$output"
		[ "${#stderr_lines[@]}" -ge 3 ]
		same "$program: c/campaign.ini:4: unknown key 'treils' in [campaign], did you mean 'trials'?" \
		    "${stderr_lines[0]}"
		same '' "$(echo "$stderr" | grep -v "^$program: " || :)"
	done
	export NO_FSCK=1
}

@test "all: control characters in a name do not reach the terminal" {
	export SLURM_JOB_ID=7 # no login node
	for program in $programs; do
		run --separate-stderr "$program" $'no\e[2Jsuch\rplace'
		same '' "$output"
		same "$program: cannot open 'no?[2Jsuch?place': No such file or directory" \
		    "$stderr"
	done
}

@test "all: the campaign is named, or HPO_CAMPAIGN, or the current one" {
	for program in $programs; do
		local words=() code want

		data "$program"
		want=$("$program" "${words[@]}" c) || :
		answers "$code" "$want" '' "$program" c "${words[@]}"
		answers "$code" "$want" '' env HPO_CAMPAIGN=c "$program" "${words[@]}"
		answers "$code" "$want" '' env HPO_CAMPAIGN="$PWD/c" \
		    "$program" "${words[@]}"
		answers "$code" "$want" '' env HPO_CAMPAIGN=nowhere \
		    "$program" "${words[@]}" c
		answers "$code" "$want" '' env HPO_CAMPAIGN= \
		    sh -c 'cd c && exec "$@"' sh "$program" "${words[@]}"
		answers "$code" "$want" '' sh -c 'cd c && exec "$@"' sh \
		    "$program" "${words[@]}" .
		answers "$code" "$want" '' sh -c 'cd c/hpo && exec "$@"' sh \
		    "$program" "${words[@]}" ..
		answers "$code" "$want" '' "$program" "${words[@]}" -- c/
		refused 64 "$program: no campaign: name a directory, set HPO_CAMPAIGN, or cd to one" \
		    "$program" "${words[@]}"
		refused 65 "$program: cannot open campaign 'nowhere': No such file or directory" \
		    env HPO_CAMPAIGN=nowhere "$program" "${words[@]}"
	done
}

@test "all: a place that is no campaign is refused" {
	mkdir empty
	for program in $programs; do
		local words=() code

		data "$program"
		refused 65 "$program: 'empty' is not a campaign: it has no campaign.ini" \
		    "$program" "${words[@]}" empty
		refused 65 "$program: cannot open 'nowhere': No such file or directory" \
		    "$program" "${words[@]}" nowhere
	done
}

@test "all: state of another version is refused" {
	echo 'hpo-campaign 2' >c/hpo/FORMAT
	for program in $programs; do
		local words=() code

		data "$program"
		refused 65 "$program: c/hpo/FORMAT:1: 'hpo-campaign 2' was written by another version; this one reads 'hpo-campaign 1'" \
		    "$program" "${words[@]}" c
	done
	export NO_FSCK=1
}

@test "all: a name with odd characters is a campaign like any other" {
	odd=$'o d\td\n\'"$x*{é}'
	mv c "$odd"
	for program in $programs; do
		local words=() code

		data "$program"
		run "-$code" --separate-stderr "$program" "${words[@]}" "$odd"
		same '' "$stderr"
		[ -n "$output" ]
	done
	answers 0 '2	ok	2.5' '' hpo-trial "$odd"
	mv "$odd" c
}
