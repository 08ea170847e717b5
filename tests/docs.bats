#!/usr/bin/env bats
# What is written agrees with what is there: manuals, --help, completions and
# README name the same options, codes, keys, files and messages as the
# programs, and every example of theirs does what it says.
# shellcheck disable=SC2016 # much here is for other shells, or Markdown

bats_require_minimum_version 1.8.0
load lib/helper

PROGRAMS='hpo-collect hpo-dispatch hpo-report hpo-sample hpo-trial'
ZSH_COMPLETIONS=share/zsh/site-functions
BASH_COMPLETIONS=share/bash-completion/completions

# pages: the manuals.
pages() {
	printf '%s\n' "$TOP"/man/*.[157]
}

# page PROGRAM: its manual.
page() {
	printf '%s\n' "$TOP/man/$1.1"
}

# same WHAT WANT GOT: the texts are equal, or the difference is shown.
same() {
	diff -u --label "$1: wanted" --label "$1: got" \
	    <(printf '%s\n' "$2") <(printf '%s\n' "$3")
}

# missing WHAT LIST OTHER: every line of LIST is one of OTHER too.
missing() {
	local found

	found=$(comm -23 <(sort -u <<<"$2") <(sort -u <<<"$3"))
	[ -z "$found" ] || { printf '%s:\n%s\n' "$1" "$found" && return 1; }
}

# section NAME FILE: the source of a section of a manual.
section() {
	awk -v name="$1" '/^\.Sh / { on = $0 == ".Sh " name; next } on' "$2"
}

# plain: what the escapes and the simplest macros of mdoc stand for.
plain() {
	sed -E 's/\\[&|]//g; s/\\-/-/g; s/\\~/ /g; s/\\\(aq/'\''/g
	    s/\\\(dq/"/g; s/\\e/\\/g'
}

# Options, a line each, sorted: -n --count N.

help_options() {
	"$1" --help | sed -nE \
	    's/^  (-.|  )[, ] (--[a-z-]+( [^ ]+)?)  .*/\1 \2/p' | sed 's/^ *//' |
	    sort
}

manual_options() {
	section DESCRIPTION "$(page "$1")" | plain | sed -nE '/^\.It Fl /{
		s/^\.It Fl ([^ ]) Ar ([^ ]+) , Fl (-[^ ]+) Ar \2$/-\1 -\3 \2/
		s/^\.It Fl ([^ ]) , Fl (-[^ ]+)$/-\1 -\2/
		s/^\.It Fl (-[^ ]+) Ar ([^ ]+)$/-\1 \2/
		s/^\.It Fl (-[^ ]+)$/-\1/
		p
	}' | sort
}

# Each once, as it is there: -n N, --dry-run.
synopsis_options() {
	section SYNOPSIS "$(page "$1")" | awk '
	/^\./ {
		option = ""
		for (i = 1; i <= NF; i++) {
			if ($i == "Fl" || $i == ".Fl")
				flag = 1
			else if ($i == "Ar" && option != "")
				option = option " " $++i
			else if ($i ~ /^\.?[A-Z][a-z]$/)
				flag = 0
			else if (flag && $i != "|") {
				if (option != "")
					print option
				option = "-" $i
			}
		}
		if (option != "")
			print option
	}' | sort -u
}

# zsh_options FILE: what _arguments is told.
zsh_options() {
	zsh -f -c '_arguments() { print -rl -- "$@" }; source "$1"' - "$1" | awk '
	/^(\([^)]*\))?-.*\[/ {
		sub(/^\([^)]*\)/, "")
		gsub(/\\./, "")
		option = arg = $0
		sub(/[+=]?\[.*/, "", option)
		sub(/^[^[]*\[[^]]*\]:?/, "", arg)
		sub(/:.*/, "", arg)
		if ((arg != "") != /^[^[]*[+=]\[/)
			print "argument or none? " $0
		if (length(option) == 2) {
			short = option " "
			next
		}
		print short option (arg != "" ? " " : "") arg
		short = ""
	}' | sort
}

# complete_bash WORD...: what bash offers for the last word.
complete_bash() {
	(
		# shellcheck disable=SC1090 # made from --help
		. "$BUILD_DIR/$BASH_COMPLETIONS/$1"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		"_${1//-/_}"
		[ "${#COMPREPLY[@]}" -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
	)
}

# mlp_with_trials: the campaign of the examples. Twelve trials are its budget;
# four have ended, of which one failed by what is mended since.
mlp_with_trials() {
	campaign mlp <<-'EOT'
		[campaign]
		name     = mlp-digits
		minimize = val_error
		trials   = 12
		[space]
		lr      = loguniform(1e-4, 1e-2)
		dropout = uniform(0, 0.5)
		[run]
		command = sh train.sh {lr} {dropout}
	EOT
	cat >mlp/train.sh <<-'EOT'
		[ "$HPO_TRIAL.$HPO_ATTEMPT" != 2.0 ] || exit 3
		echo "epoch 1: $1 $2"
		echo "hpo: val_error=0.0$HPO_TRIAL"
	EOT
	printf '#!/bin/sh\necho "0$1"\n' >train
	chmod +x train
	hpo-trial --loop --max-trials 4 mlp >trials.tsv
	[ "$(cut -f 2 trials.tsv | sort | uniq -c | tr -d '\n ')" = 1failed3ok ]
}

# backend: make a program for --backend that accepts jobs and runs none.
backend() {
	cat >backend <<-'EOT'
		#!/bin/sh
		case $1 in
		limits) printf 'array\t5\nexport\tHPO_JOB_ID=7\n' ;;
		submit) echo 7 ;;
		esac
	EOT
	chmod +x backend
}

# examples FILE: the displays of its examples as a terminal shows them, blanks
# at their starts cut, an empty line behind each.
examples() {
	mandoc -T ascii -O width=300 "$1" | col -bx | awk '
	/^[^ ]/ { on = $0 == "EXAMPLES" || $0 == "SESSION" }
	on && /^           / { print substr($0, 12); shown = 1; next }
	on && shown { print ""; shown = 0 }'
}

# commands FILE: those that stand behind a "$ ", a line each.
commands() {
	examples "$1" | awk '
	/^\$ / { if (line != "") print line; line = substr($0, 3); next }
	/^$/ { if (line != "") print line; line = "" }
	line != "" { line = line " " $0 }'
}

# try COMMAND: it ends well and has nothing to complain of.
try() {
	local status=0

	case $1 in
	*jq*) command -v jq >/dev/null || return 0 ;;
	esac
	bash -e -o pipefail -c "$1" >out 2>err </dev/null || status=$?
	[ "$status" -eq 0 ] && [ ! -s err ] && return
	echo "status $status: $1"
	head -v -n 20 out err

	return 1
}

@test "docs: the options of --help are those of each manual, with their arguments" {
	for p in $PROGRAMS; do
		[ "$(help_options "$p" | wc -l)" -ge 5 ]
		same "$p" "$(help_options "$p")" "$(manual_options "$p")"
	done
}

@test "docs: every option is in a line of the synopsis, and no other" {
	for p in $PROGRAMS; do
		wanted=$(help_options "$p" | sed -E 's/^-. //' | sort)
		found=$(synopsis_options "$p")
		while read -r short long _; do
			[[ $short == -? ]] || continue
			found=$(sed -E "s/^$short( |$)/$long\1/" <<<"$found")
		done < <(help_options "$p")
		same "$p" "$wanted" "$(sort -u <<<"$found")"
	done
}

@test "docs: what the usage line and the synopsis call operands is the same" {
	for p in $PROGRAMS; do
		usage=$("$p" --help | head -n 1 | grep -oE '[A-Z]{2,}' | sort -u)
		synopsis=$(section SYNOPSIS "$(page "$p")" |
		    sed -E 's/Fl [^ ]+ Ar [A-Z]+//g' | grep -oE '\<[A-Z]{2,}\>' | sort -u)
		same "$p" "$usage" "$synopsis"
	done
}

@test "docs: the purpose in --help is that of the manual" {
	for p in $PROGRAMS; do
		same "$p" "$(sed -n 's/^\.Nd //p' "$(page "$p")")" \
		    "$("$p" --help | sed -n 2p)"
	done
}

@test "docs: completion in bash offers the options" {
	for p in $PROGRAMS; do
		same "$p" "$(help_options "$p" | grep -o -e '--[a-z-]*' | sort)" \
		    "$(complete_bash "$p" -- | sort)"
		[ "$(complete_bash "$p" --vers)" = --version ]
	done
}

@test "docs: completion in bash offers the formats that are taken" {
	mlp_with_trials
	for p in hpo-collect hpo-report hpo-sample; do
		dry=$([ "$p" != hpo-sample ] || echo --dry-run)
		formats=$(complete_bash "$p" --format '')
		[ "$(wc -w <<<"$formats")" -ge 3 ]
		same "$p" "$formats" "$(complete_bash "$p" --format =)"
		for format in $formats; do
			# shellcheck disable=SC2086 # no word, or one
			run -0 "$p" $dry --format "$format" mlp
		done
		run -64 "$p" --format nothing mlp
	done
	[ "$(complete_bash hpo-report --format = js)" = json ]
}

@test "docs: completion in bash offers files, directories and commands" {
	mkdir mlp
	touch points.tsv
	[ "$(complete_bash hpo-trial --loop m)" = mlp ]
	[ -z "$(complete_bash hpo-trial p)" ]
	[ "$(complete_bash hpo-sample --enqueue p)" = points.tsv ]
	[ "$(complete_bash hpo-report p)" = points.tsv ]
	[ -z "$(complete_bash hpo-sample --count '')" ]
}

@test "docs: completion in zsh knows the options and their arguments" {
	command -v zsh >/dev/null || skip 'needs zsh'
	for p in $PROGRAMS; do
		file=$BUILD_DIR/$ZSH_COMPLETIONS/_$p
		zsh -n "$file"
		[ "$(head -n 1 "$file")" = "#compdef $p" ]
		same "$p" "$(help_options "$p")" "$(zsh_options "$file")"
		same "$p" "$(complete_bash "$p" --format '' | xargs)" \
		    "$(sed -nE 's/.*:FORMAT:\(([a-z ]+)\).*/\1/p' "$file")"
	done
}

@test "docs: every example of the manuals does what it says" {
	command -v mandoc >/dev/null || skip 'needs mandoc'
	for page in $(pages); do
		rm -rf mlp
		mlp_with_trials
		n=0
		while IFS= read -r command; do
			try "$command" || { echo "in $page" && false; }
			n=$((n + 1))
		done < <(commands "$page")
		case $page in
		*hpo-backend.7 | *hpo-queue.7) [ "$n" -eq 0 ] ;;
		*) [ "$n" -ge 2 ] ;;
		esac
		hpo-collect --fsck mlp >out
	done
}

@test "docs: the shell loop of hpo-trial(1) claims and finishes every trial" {
	command -v jq >/dev/null || skip 'needs jq'
	command -v mandoc >/dev/null || skip 'needs mandoc'
	mlp_with_trials
	examples "$(page hpo-trial)" | awk -v RS= '/--claim/' >loop
	[ "$(wc -l <loop)" -ge 5 ]
	sh loop >out
	same 'rows' "$(seq 4 11)" "$(cut -f 1 out | sort -n)"
	[ "$(hpo-collect mlp | cut -f 3 | grep -cx ok)" -eq 11 ]
}

@test "docs: the session of README.md works, its other commands too" {
	sed -n '/^<!-- from/,/^<!-- end/p' "$TOP/README.md" |
		sed -n '/^```sh$/,/^```$/p' | sed '/^```/d' >session
	[ "$(wc -l <session)" -ge 10 ]
	bash -e session >out 2>err </dev/null
	[ ! -s err ]
	[ "$(hpo-collect bowl | awk -F '\t' '$3 == "ok"' | wc -l)" -eq 40 ]
	grep -qx 'bowl: minimize height' out

	mlp_with_trials
	n=0
	while IFS= read -r command; do
		try "${command//build\/demo\/mlp/mlp}"
		n=$((n + 1))
	done < <(sed '/^<!-- from/,/^<!-- end/d' "$TOP/README.md" |
		sed -n '/^```sh$/,/^```$/p' | grep '^hpo-' | sed 's/ | less$//')
	[ "$n" -ge 3 ]
}

@test "docs: the first screen of README.md comes from hpo(7)" {
	"$TOP/tests/lib/readme" "$TOP/man/hpo.7" "$TOP/README.md" >made
	diff "$TOP/README.md" made
}

@test "docs: links, paths, targets and the version in README.md are true" {
	cd "$TOP"
	for file in README.md tests/README.md share/examples/*/README.md; do
		paths=$(grep -oE '\]\([^)#]+' "$file" | cut -c 3- | grep -v '^http' || :
			grep -oE '`[^` ]+`' "$file" | tr -d '`' |
			    grep -E '^(lib|man|share|tests|tools)/[^*]*$' || :)
		for path in $paths; do
			[ -e "$path" ] || [ -e "${file%/*}/$path" ] || {
				echo "$file: there is no '$path'" && false
			}
		done
	done
	missing 'no such target' "$(grep -ohE '(^|^    |`|&& )make [a-z-]+' \
	    README.md tests/README.md | sed 's/.* //')" \
	    "$(make help | cut -d ' ' -f 1)"
	same version "hpo-$(<VERSION)" \
	    "$(grep -ohE 'hpo-[0-9]+(\.[0-9]+)+' README.md | sort -u)"
}

@test "docs: the manuals are clean mdoc, and fit into 80 columns" {
	command -v mandoc >/dev/null || skip 'needs mandoc'
	for page in $(pages); do
		run -0 mandoc -T lint -W warning "$page"
		[ -z "$output" ]
		run mandoc -T ascii "$page"
		[ -z "$(col -bx <<<"$output" | awk 'length > 80')" ]
	done
}

@test "docs: the exit codes are those of hpo(7), which are those of the programs" {
	codes() {
		section 'EXIT STATUS' "$1" | awk '$1 == ".It" { print $2 }'
	}
	known=$(codes "$TOP/man/hpo.7")
	same 'hpo(7)' "$(grep -oE 'EX_[A-Z_]+ = [0-9]+' "$TOP/lib/base/err.h" |
		cut -d ' ' -f 3)" "$known"
	for p in $PROGRAMS; do
		more=
		[ "$p" != hpo-trial ] || more=$(printf '%s\n' 10 124 125 126 127 128+N)
		[ "$(codes "$(page "$p")" | wc -l)" -ge 8 ]
		missing "$p" "$(codes "$(page "$p")")" "$known
$more"
	done
}

# unknown_messages: those lines of standard input that no string of the sources
# can become, or two, one behind the other: half of it has to be fixed words.
unknown_messages() {
	perl -e '
	for my $file (@ARGV) {
		open my $in, "<", $file or die;
		my $text = do { local $/; <$in> };
		$text =~ s{/\*.*?\*/}{}gs;
		my $end; # of the string before, which this one may go on
		while ($text =~ /"((?:[^"\\]|\\.)*)"|\x27(?:[^\x27\\]|\\.)+\x27/g) {
			my ($string, $from, $to) = ($1, $-[0], $+[0]);
			my $gap = defined $end ? substr $text, $end, $from - $end : "-";
			$end = $to;
			next if !defined $string;
			if ($gap =~ /^\s*(PRI\w+)?\s*$/) {
				$message[-1] .= ($1 ? "u" : "") . $string;
			} else {
				push @message, $string;
			}
		}
	}
	for (@message, map { /^(?:%s:(?:%u:)? )+(.*)/s } @message) {
		s/\\(.)/$1/g;
		my @fixed = split /%[-+ #0]*[0-9*]*(?:\.[0-9*]+)?[hlz]*[a-zA-Z]/, $_, -1;
		my $re = join ".*", map quotemeta, @fixed;
		push @known, [length join("", @fixed), qr/^(?:$re)$/];
	}
	MESSAGE: while (<STDIN>) {
		chomp;
		my ($line, @try) = ($_, $_);
		push @try, $1 if /^(.*), did you mean \x27.*\x27\?$/;
		push @try, map { $line =~ /^(.+)\Q$_\E$/ } grep { !/%/ && length > 8 } @message;
		for my $try (@try) {
			for (@known) {
				next MESSAGE if 2 * $_->[0] >= length $try && $try =~ $_->[1];
			}
		}
		print "$_\n";
	}' "$TOP"/lib/*/*.[ch] "$TOP"/tools/*.c
}

@test "docs: the messages that the manuals explain are in the sources" {
	for page in $(pages); do
		messages=$(section DIAGNOSTICS "$page" | plain | sed -n 's/^\.It //p')
		case ${page##*/} in
		hpo-campaign.5 | hpo-dispatch.1 | hpo-sample.1 | hpo-trial.1)
			[ "$(wc -l <<<"$messages")" -ge 3 ]
			;;
		esac
		same "${page##*/}" '' "$(unknown_messages <<<"$messages" | grep .)"
	done
	# It does find those that are not.
	run -0 unknown_messages <<<"trial 3 has started"
	[ "$output" = 'trial 3 has started' ]
}

@test "docs: the causes that hpo-trial(1) lists are in the sources" {
	causes=$(section RESULTS "$(page hpo-trial)" | plain |
	    awk -F ' Ta' '/^\.It / && !/Em / && $3 != "" { print substr($3, 2) }')
	[ "$(wc -l <<<"$causes")" -ge 10 ]
	same causes '' "$(sed "s/NAME/x/; s/ \.\.\./ 'x'/" <<<"$causes" |
		unknown_messages)"
}

@test "docs: the variables of the manuals are those of the programs" {
	# What other names begin with is looked for in an environment.
	strings=$(grep -ohE '"[A-Z]{2}[A-Z_]*' "$TOP"/lib/*/*.c "$TOP"/tools/*.c |
		tr -d '"' | sort -u | awk '
		last ~ /_$/ && index($0, last) == 1 { last = $0; next }
		last != "" { print last }
		{ last = $0 }
		END { print last }')
	same HPO_ "$(grep '^HPO_' <<<"$strings")" \
	    "$(grep -ohE 'HPO_[A-Z_]+' "$TOP/man/hpo.7" "$(page hpo-trial)" |
		sort -u)"
	missing 'not in the sources' "$(grep -h '^\.It Ev ' "$TOP"/man/* |
		grep -oE '\<[A-Z]{2}[A-Z_]*\>')" "$strings"
}

@test "docs: hpo(7) names the states and the statuses" {
	listed() {
		section GLOSSARY "$TOP/man/hpo.7" | plain |
		    awk -v from="$1" 'index($0, from) { on = 1 }
			on && /^\.El/ { exit } on && sub(/^\.It Cm /, "")'
	}
	same states "$(tr -d '\n\t' <"$TOP/lib/queue/name.c" |
		grep -oE 'states\[[^=]*= \{[^}]*' | grep -oE '"[a-z]+"' | tr -d '"' |
		grep -vx closed)" "$(listed 'one of these states')"
	same statuses "$(sed -nE 's/^\t\[STATUS_.*"([a-z]+)",$/\1/p' \
	    "$TOP/lib/form/status.c")" "$(listed 'one of these ways')"
}

# manual_keys: those that the manual of campaign.ini has, a line each: section,
# key, the word that stands for none, the default.
manual_keys() {
	section KEYS "$TOP/man/hpo-campaign.5" | plain | awk -v OFS='\t' '
	function flush() {
		if (key == "")
			return
		gsub(/ \.(Cm|Ar|Li|Ql) /, " ", text)
		value = "-"
		if (match(text, /[Tt]he default is [^;,.]+/))
			value = substr(text, RSTART + 15, RLENGTH - 15)
		else if (match(text, /[a-z]+ , the default/))
			value = substr(text, RSTART, RLENGTH - 14)
		else if (match(text, /the [a-z]+.s, which is the default/))
			value = substr(text, RSTART + 4, RLENGTH - 28)
		sub(/ $/, "", value)
		if (match(value, /^[0-9]+[smhd]$/))
			value *= unit[substr(value, RLENGTH)]
		if (value == "0" && word != "-")
			value = word
		print section, key, word, value
		key = ""
	}
	BEGIN { unit["s"] = 1; unit["m"] = 60; unit["h"] = 3600; unit["d"] = 86400 }
	/^\.(Ss|It|El)/ { flush() }
	/^\.Ss Bq Cm / { section = $4 }
	/^\.It Cm / {
		key = $3
		word = /\| Cm (none|auto)$/ ? $NF : "-"
		text = ""
		next
	}
	{ text = text " " $0 }
	END { flush() }'
}

# program_keys: the same from its tables and the functions that set the defaults.
program_keys() {
	awk -v OFS='\t' '
	# Of a fleet, [slurm] or [backend]: numbers by name, of words the first.
	/^enum \{ WORKERS = [0-9]+/ { number["WORKERS"] = $5 + 0 }
	/^\tf->[a-z_]+ = / {
		name = substr($1, 4)
		fleet[name] = $3 + 0 > 0 ? $3 + 0 : number[substr($3, 1, length($3) - 1)]
	}
	/^set_(mode|environment)\(/ {
		name = substr($0, 5, index($0, "(") - 5)
	}
	/const words\[\] = / {
		split($0, part, "\"")
		fleet[name] = part[2]
	}
	/^add_backend\(/, /^}/ {
		if (/str_eq\(ent->key, /) {
			split($0, part, "\"")
			more[++extra] = part[2]
		}
	}
	/^\t\{ "[a-z]+", "[a-z_]+", set_/ {
		split($0, part, "\"")
		section[++n] = part[2]
		key[n] = part[4]
	}
	n && !word[n] && match($0, /("[a-z]+"|NULL) \},$/) {
		word[n] = $(NF - 1) == "NULL" ? "-" : substr($(NF - 1), 2)
		sub(/"$/, "", word[n])
	}
	/^campaign_keys_default/, /^}/ {
		if (match($0, /^\tc->[a-z_]+ = /)) {
			name = substr($0, 5, RLENGTH - 7)
			value[name] = substr($0, RLENGTH + 1)
			sub(/;$/, "", value[name])
			gsub(/^mem_dup\("|"\)$/, "", value[name])
			if (sub(/^UINT64_C\(/, "", value[name]))
				sub(/\) << 20$/, "M", value[name])
		}
	}
	END {
		value["name"] = value["name"] != "" ? "the name of the directory" : "-"
		value["directory"] = value["in_trial_dir"] ? "trial" : "campaign"
		for (i = 1; i <= n; i++) {
			standard = section[i] ~ /^(slurm|backend)$/ ? \
			    fleet[key[i]] : value[key[i]]
			print section[i], key[i], word[i],
			    standard != "" ? standard : word[i]
		}
		for (i = 1; i <= extra; i++)
			print "backend", more[i], "-", "-"
	}' "$TOP"/lib/form/{fleet,campaign_keys,campaign}.c
}

@test "docs: hpo-campaign(5) has the keys of the program, with their defaults" {
	[ "$(program_keys | wc -l)" -ge 20 ]
	same 'section, key, word, default' "$(program_keys)" "$(manual_keys)"
}

@test "docs: hpo-campaign(5) has the options of sbatch that are refused" {
	refused=$(sed -nE '/^static const struct option options/,/^};/{
		/, NULL \}/d; s/^\t\{ "([a-z-]+)", .*/\1/p }' "$TOP/lib/form/sbatch.c")
	[ "$(wc -l <<<"$refused")" -ge 15 ]
	same refused "$refused" "$(section KEYS "$TOP/man/hpo-campaign.5" |
		sed -n '/^Some options are refused/,/^\.El/s/^\.It Ql //p' |
		sed 's/ , /\n/g' | sort)"
}

@test "docs: hpo-campaign(5) has the domains, the searchers and the reserved words" {
	command -v mandoc >/dev/null || skip 'needs mandoc'
	mandoc -T ascii "$TOP/man/hpo-campaign.5" | col -bx >page
	same domains "$(sed -nE '/^} forms\[\] = \{$/,/^};/s/^\t\{ "([^"]*)".*/\1/p' \
	    "$TOP/lib/form/domain_parse.c" | sed 's/(x, y)/(x, ...)/')" \
	    "$(grep -E '^     [a-z]+\([a-z., ]+\)$' page | sed 's/^ *//')"
	same 'reserved words' "$(sed -n '/^space_is_reserved/,/^}/p' \
	    "$TOP/lib/form/space.c" | grep -oE '"[a-z]+"' | tr -d '"')" \
	    "$(tr -s '\n ' ' ' <page | grep -oE 'placeholders of the command \([^)]*' |
		grep -oE '`[a-z]+' | tr -d '`')"
	same searchers "$(sed -nE 's/.*struct searcher .*= \{ "([a-z]+)",.*/\1/p' \
	    "$TOP"/lib/search/*.c)" "$(section KEYS "$TOP/man/hpo-campaign.5" |
		sed -n '/^\.It Cm method/,/^\.El/s/^\.Cm \([a-z]*\)$/\1/p' | sort -u)"
}

@test "docs: hpo-queue(7) has the keys of the files" {
	# listed FILE SECTION: the keys that the manual says it has there.
	listed() {
		awk -v file="$1" -v name="$2" '
		/^\.S[hs] / { on = $0 == ".Ss " file }
		on && /^\.It Ql \[/ { in_section = $3 == "[" name "]"; next }
		on && in_section && /^\.It Ql / {
			for (i = 3; i <= NF; i++)
				if ($i != ",")
					print $i
		}' "$TOP/man/hpo-queue.7" | sort
	}
	# found FILE SECTION: those that it has.
	found() {
		awk -v name="$2" '/^\[/ { on = $0 == "[" name "]"; next } on { print $1 }' \
		    "$1" | sort
	}
	mlp_with_trials
	home=mlp/hpo/trials/0000/0000002
	same trial.ini "$(found $home/trial.ini trial)" "$(listed trial.ini trial)"
	same result "$(found $home/result.0.*.ini result)" \
	    "$(listed result.A.W.ini result)"

	cat >mlp/train.sh <<-'EOT'
		cp "$HPO_CAMPAIGN/hpo/running/$HPO_WORKER/worker.ini" .
		echo "hpo: val_error=1"
	EOT
	HPO_JOB_ID=7 HPO_JOB_RESTART=0 HPO_JOB_NODE=n01 HPO_JOB_QUEUE=gpu \
	    HPO_JOB_SUBMITTED=1000 HPO_DISPATCHER=host-7.0-0123456789abcdef \
	    hpo-trial --loop --max-trials 1 --ticket slurm/0 mlp
	same worker.ini "$(found mlp/worker.ini worker)" "$(listed worker.ini worker)"
	# That trial was not attempted before.
	same job "$({ found mlp/hpo/trials/*/*/result.*-j7.0-*.ini job; echo history; } |
	    sort)" "$(listed result.A.W.ini job)"
	backend
	hpo-dispatch --backend ./backend mlp
	same ticket.ini "$(found mlp/hpo/backend/0/ticket.ini ticket)" \
	    "$(listed ticket.ini ticket)"
}

@test "docs: hpo-collect(1) has the columns of the table" {
	mlp_with_trials
	run -0 --separate-stderr hpo-collect mlp
	same columns "$(head -n 1 <<<"$output" | tr '\t' '\n')" \
	    "$(section 'THE TABLE' "$(page hpo-collect)" | plain | sed -n '
		s/ Ns Ar NAME//g; s/ , No /\n/; s/^\.It //p' | sed '
		/^maximize/d; /^metric/d; /^job/d
		s/^minimize\.$/minimize.val_error/
		s/^param\.$/param.lr\nparam.dropout/')"
	# Of a job that was killed once, and tried again in the other.
	export HPO_JOB_ID=7 HPO_JOB_NODE=n1 HPO_JOB_QUEUE=gpu HPO_JOB_SUBMITTED=1
	echo 'kill -KILL $PPID' >mlp/train.sh
	run -137 hpo-trial mlp
	echo 'echo "hpo: val_error=1"' >mlp/train.sh
	sed -i 's/^trials = .*/trials = 1/' mlp/campaign.ini
	hpo-trial --loop mlp
	run -0 --separate-stderr hpo-collect mlp
	same 'columns of jobs' "$(head -n 1 <<<"$output" | tr '\t' '\n' | grep '^job')" \
	    "$(section 'THE TABLE' "$(page hpo-collect)" | sed -n 's/^\.It job/job/p')"
}

@test "docs: the files that the manuals name are those of the programs" {
	mlp_with_trials
	hpo-trial --claim --pid $$ mlp
	backend
	hpo-dispatch --backend ./backend mlp
	hpo-dispatch --drain mlp
	for name in $(find mlp/hpo -mindepth 1 ! -path '*/observed/*' -printf '%f\n' |
	    sed -E '/^[0-9]/d; s/^(result|log|job)\..*/\1/
		/-[0-9]+\.[0-9]+-[0-9a-f]{16}$/d' | sort -u); do
		echo "$name"
		grep -qE "Pa ([a-z]+/)*$name(\.[A-Z]+)*(\.ini|/)?( |$)" \
		    "$TOP/man/hpo-queue.7"
	done
	hpo-dispatch --resume mlp
	hpo-trial --fail --pid $$ mlp 4

	names=$(grep -ohE '(^\.|^\.It |, )Pa [^ ]+' "$TOP"/man/* | plain |
		sed 's/.*Pa //' | grep -vE '^(/|PREFIX)' | tr '/' '\n' |
		sed -E 's/\.(A|I|W|REAPER|ID)\>.*//' | grep -E '^[a-z]{2}|FORMAT' |
		sort -u)
	[ "$(wc -l <<<"$names")" -ge 20 ]
	for name in $names; do
		cat "$TOP"/lib/*/*.[ch] "$TOP"/tools/*.c |
			grep -qE "\"([^\"]*/)?$name([./%]|\")" || {
			echo "no file '$name' in the sources" && false
		}
	done
	while read -r path; do
		# shellcheck disable=SC2086 # a pattern
		ls -d "$BUILD_DIR"/${path#PREFIX/} >/dev/null
	done < <(grep -ohE 'PREFIX/[^ ]+' "$TOP"/man/*)
}
