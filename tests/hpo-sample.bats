#!/usr/bin/env bats
# hpo-sample: what it makes and prints, the points given to it, what it
# refuses.

bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect

# small [TRIALS]: a campaign c whose points are easy to tell.
small() {
	campaign c <<-EOT
		[campaign]
		minimize = loss
		trials = ${1-6}
		[space]
		model = const(tree)
		depth = const(4)
		rate = const(0.50)
		leaf = const(3)
		[when]
		leaf = depth > 9
	EOT
}

# wide: a campaign c with every domain, a condition and constraints.
wide() {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 1000
		[space]
		a = uniform(-1, 3)
		b = uniform(0.5, 0.99, step=0.1)
		c = loguniform(1e-6, 1e2)
		d = int(-3, 4)
		e = int(0, 512, step=64)
		f = logint(1, 4096)
		g = normal(10, 2)
		h = lognormal(0, 1)
		i = choice(adam, sgd, "x, y", [1, [2]], weights=[1, 0, 2, 3])
		j = ordinal(low, mid, high)
		k = const("as it is")
		l = uniform(0, 1)
		m = uniform(0, 1)
		[when]
		l = i == "adam"
		m = l > 0.5
		[constraint]
		sum = a + d <= 4
		far = l + m < 1.9
	EOT
}

# states: how many tokens there are in each state.
states() {
	(cd c/hpo && find ready held running 'done' failed -type f \
	    -name '[0-9]*' | cut -d / -f 1 | sort | uniq -c | xargs)
}

@test "sample: one trial, made whole and waiting" {
	small
	answers 0 0 '' hpo-sample c
	same 'id	attempt	status	cause	started	seconds	host	searcher	minimize.loss	param.model	param.depth	param.rate	param.leaf
0	0	ready					random		tree	4	0.50	' "$(hpo-collect --all c)"
	same '[trial]
format = 1
id = 0
parent = none
searcher = random
reason = drawn at random
space = S
view =
seed = 1
created = T
random = R
[point]
model = tree
depth = 4
rate = 0.50
[end]
crc32 = C' "$(sed 's/^space = [0-9a-f]\{16\}$/space = S/
	    s/^created = 20..-..-..T..:..:..Z$/created = T/
	    s/^random = [0-9a-f]\{16\}$/random = R/
	    s/^crc32 = [0-9a-f]\{8\}$/crc32 = C/' \
	    c/hpo/trials/0000/0000000/trial.ini)"
	same trial.ini "$(ls -A c/hpo/trials/0000/0000000)"
	same '' "$(ls -A c/hpo/tmp)"
	same '0000000.0' "$(ls -A c/hpo/ready/0000)"
}

@test "sample: -n makes so many, and ids go on where they ended" {
	small
	answers 0 $'0\n1\n2' '' hpo-sample -n 3 c
	answers 0 $'3\n4' '' hpo-sample --count 2 c
	answers 0 '' '' hpo-sample -n 0 c
	same '5 ready' "$(states)"
}

@test "sample: -n 0 writes nothing at all" {
	small
	refused 0 '' hpo-sample -n 0 c
	refused 0 '' hpo-sample --fill 0 c
	same campaign.ini "$(ls -A c)"
}

@test "sample: the last -n and --fill counts" {
	small
	answers 0 $'0\n1' '' hpo-sample -n 5 --fill 2 c
	answers 0 2 '' hpo-sample --fill 5 -n1 c
}

@test "sample: --fill brings the waiting ones to N" {
	small
	answers 0 $'0\n1\n2' '' hpo-sample --fill 3 c
	refused 0 '' hpo-sample --fill 3 c
	refused 0 '' hpo-sample --fill 2 c
	answers 0 3 '' hpo-sample --fill 4 c
}

@test "sample: a budget that is used up ends with 1 and what was made" {
	small 3
	answers 1 $'0\n1\n2' \
	    'hpo-sample: 2 fewer than asked for: all 3 trials of c/campaign.ini exist' \
	    hpo-sample -n 5 c
	refused 1 '' hpo-sample c
	refused 1 '' hpo-sample --fill 9 c
	refused 0 '' hpo-sample --fill 3 c
	sed -i 's/^trials = 3/trials = 4/' c/campaign.ini
	answers 0 3 '' hpo-sample c
}

@test "sample: a thousand and one trials fill a second segment" {
	small 1001
	hpo-sample -n 1001 c >ids
	seq 0 1000 | cmp - ids
	same '0000 0001' "$(cd c/hpo/trials && echo *)"
	same '0000 0001' "$(cd c/hpo/ready && echo *)"
	same '1001 ready' "$(states)"
}

@test "sample: --dry-run prints the points and writes nothing" {
	small
	refused 0 '' hpo-sample --dry-run -n 0 c
	before=$(listing)
	answers 0 'id	model	depth	rate	leaf
0	tree	4	0.50	
1	tree	4	0.50	' '' hpo-sample --dry-run -n 2 c
	same "$before" "$(listing)"
	hpo-sample -n 5 c
	before=$(listing)
	answers 1 'id	model	depth	rate	leaf
5	tree	4	0.50	' '' hpo-sample --dry-run -n 2 c
	same "$before" "$(listing)"
}

@test "sample: --format prints points instead of ids" {
	small
	answers 0 'id	model	depth	rate	leaf
0	tree	4	0.50	
1	tree	4	0.50	' '' hpo-sample -n 2 --format tsv c
	answers 0 '{"id": 2, "model": "tree", "depth": 4, "rate": 0.50, "leaf": null}' \
	    '' hpo-sample --format=jsonl c
	answers 0 '[3]
model = tree
depth = 4
rate = 0.50

[4]
model = tree
depth = 4
rate = 0.50' '' hpo-sample --dry-run --format ini -n 2 c
	answers 0 '[3]
model = tree
depth = 4
rate = 0.50' '' hpo-sample --format ini c
}

@test "sample: texts that need quotes survive every format" {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 9
		[space]
		s = const("tab	quote\" back\\slash; é")
		l = const([1, "two", [3]])
	EOT
	answers 0 'id	s	l
0	tab\tquote" back\\slash; é	[1, "two", [3]]' '' hpo-sample --dry-run c
	run -0 --separate-stderr hpo-sample --dry-run --format jsonl c
	same 'tab	quote" back\slash; é' "$(echo "$output" | jq -r .s)"
	hpo-sample --dry-run c >p.tsv
	run -0 --separate-stderr hpo-sample --enqueue <(cut -f 2- p.tsv) \
	    --format tsv c
	same "$(cat p.tsv)" "$output"
	echo "$output" | tail -n 1 | cut -f 2- | { printf 's\tl\n' && cat; } |
		hpo-sample --enqueue - c
	run -0 --separate-stderr hpo-sample --dry-run --format jsonl c
	echo "$output" | hpo-sample --enqueue <(echo "$output" |
		jq -c 'del(.id)') --format tsv c >again
	same "$(sed 's/^0/2/' p.tsv)" "$(cat again)"
}

@test "sample: every value is one of its domain" {
	wide
	hpo-sample --dry-run -n 200 c >points
	awk -F '\t' '
	function bad(what) { print "row " NR ": " what ": " $0; failed = 1 }
	function near(x, y) { return x - y < 1e-9 && y - x < 1e-9 }
	NR == 1 { next }
	{ for (i = 2; i <= NF; i++) { n[i, $i]++; seen[i]++ } }
	$1 != NR - 2 { bad("id") }
	!($2 >= -1 && $2 <= 3) { bad("a") }
	!($3 >= 0.5 && $3 <= 0.9) || !near($3 * 10, int($3 * 10 + 0.5)) { bad("b") }
	!($4 >= 1e-6 && $4 <= 1e2) { bad("c") }
	!($5 >= -3 && $5 <= 4 && $5 == int($5)) { bad("d") }
	!($6 >= 0 && $6 <= 512 && $6 % 64 == 0) { bad("e") }
	!($7 >= 1 && $7 <= 4096 && $7 == int($7)) { bad("f") }
	!($8 > 0 && $8 < 20) { bad("g") } # five standard deviations
	!($9 > 0 && $9 < 150) { bad("h") }
	$10 !~ /^(adam|x, y|\[1, \[2\]\])$/ { bad("i") }
	$11 !~ /^(low|mid|high)$/ { bad("j") }
	$12 != "as it is" { bad("k") }
	($10 == "adam") != ($13 != "") { bad("l") }
	($13 != "" && $13 > 0.5) != ($14 != "") { bad("m") }
	$2 + $5 > 4 || ($14 != "" && $13 + $14 >= 1.9) { bad("constraint") }
	END {
		for (s = 0.5; s < 0.95; s += 0.1) if (!n[3, s ""]) bad("no b = " s)
		for (d = -3; d <= 4; d++) if (!n[5, d]) bad("no d = " d)
		for (e = 0; e <= 512; e += 64) if (!n[6, e]) bad("no e = " e)
		if (n[10, "[1, [2]]"] < n[10, "adam"]) bad("weights")
		if (NF != 14 || NR != 201) bad("shape")
		exit failed
	}' points
}

@test "sample: a point has one spelling, that of %.10g" {
	wide
	hpo-sample --dry-run -n 50 c | tail -n +2 |
		cut -f 2,3,4,8,9 | tr '\t' '\n' >texts
	[ "$(wc -l <texts)" -eq 250 ]
	while read -r text; do
		[ "$text" = "$(printf %.10g "$text")" ] || {
			echo "not so: $text"
			return 1
		}
	done <texts
}

@test "sample: points do not change from version to version" {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 50
		[space]
		lr = loguniform(1e-4, 1e-2)
		dropout = uniform(0, 0.5)
		layers = int(1, 8)
		width = choice([64,64], [128,128], [256,256])
	EOT
	answers 0 'id	lr	dropout	layers	width
0	0.005355907359	0.2047763628	6	[64,64]
1	0.0005440183178	0.3875769785	2	[128,128]' '' hpo-sample --dry-run -n 2 c
}

@test "sample: a parameter's values do not depend on the others" {
	wide
	hpo-sample --dry-run -n 40 c | cut -f 1,4,7 >with
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 1000
		[space]
		f = logint(1, 4096)
		c = loguniform(1e-6, 1e2)
	EOT
	hpo-sample --dry-run -n 40 c | awk -F '\t' -v OFS='\t' \
	    '{ print $1, $3, $2 }' >without
	# Where a constraint of the first refused a draw they part ways.
	same=$(comm -12 <(sort with) <(sort without) | wc -l)
	[ "$same" -gt 20 ]

	# Without constraints they are the same.
	wide
	sed -i '/^\[constraint\]/,$d' c/campaign.ini
	hpo-sample --dry-run -n 40 c | cut -f 1,4,7 | diff - without
}

@test "sample: the same points in any order, by any number of samplers" {
	wide
	hpo-sample --dry-run -n 100 c >want
	for i in 1 2 3 4; do
		hpo-sample -n 25 --format jsonl c >"part$i" 3>&- &
		pids+=" $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	cat part? | jq .id | sort -n | cmp - <(seq 0 99)
	hpo-collect --all c | cut -f 1,10- >made
	diff <(tail -n +2 want) <(tail -n +2 made)
	refused 0 '' hpo-sample --verify c
}

@test "sample: a freed id gets the same point again" {
	wide
	hpo-sample -n 9 c >ids
	hpo-collect --all c >before
	rm -r c/hpo/trials/0000/000000[25] c/hpo/ready/0000/000000[25].0
	answers 0 $'2\n5\n9' '' hpo-sample -n 3 c
	hpo-collect --all c | head -n 10 | diff before -
}

@test "sample: the seed makes the points" {
	wide
	hpo-sample --dry-run -n 5 c >one
	sed -i 's/^trials/seed = 1\n&/' c/campaign.ini
	hpo-sample --dry-run -n 5 c | diff one -
	sed -i 's/^seed = 1/seed = 9223372036854775807/' c/campaign.ini
	hpo-sample --dry-run -n 5 c >other
	for column in 2 4 7 8 9; do
		same 1 "$(comm -12 <(cut -f $column one | sort) \
		    <(cut -f $column other | sort) | wc -l)" # the header
	done
}

@test "sample: name, command and budget do not change the points" {
	wide
	hpo-sample --dry-run -n 5 c >one
	mkdir other
	sed 's/^trials = .*/trials = 5\nname = z/; $a[run]\ncommand = x' \
	    c/campaign.ini >other/campaign.ini
	hpo-sample --dry-run -n 5 other | diff one -
}

# --- constraints --------------------------------------------------------------

# with SECTION LINE...: small, with these lines behind it.
with() {
	campaign c <<-EOT
		[campaign]
		minimize = loss
		trials = 6
		[space]
		x = uniform(0, 1)
		o = choice(adam, sgd)
	EOT
	printf '%s\n' "$@" >>c/campaign.ini
}

@test "sample: an impossible constraint is named, and nothing written" {
	with '[constraint]' 'good = x >= 0' 'never = x > 2' 'half = x < 0.5'
	refused 78 "hpo-sample: c/campaign.ini: trial 0: no point satisfies the constraints after 100000 draws: 'never' (line 9) refused 100.0 % of them" \
	    hpo-sample -n 3 c
	refused 78 "hpo-sample: c/campaign.ini: trial 0: no point satisfies the constraints after 100000 draws: 'never' (line 9) refused 100.0 % of them" \
	    hpo-sample --dry-run c
}

@test "sample: a constraint that few points satisfy is met all the same" {
	with '[constraint]' 'rare = x > 0.4321 and x < 0.4331'
	run -0 --separate-stderr hpo-sample --dry-run -n 5 c
	echo "$output" | awk -F '\t' 'NR > 1 && ($2 <= 0.4321 || $2 >= 0.4331) {
		exit 1
	}'
}

@test "sample: Lua that never ends is ended" {
	with '[constraint]' 'loop = (function() while true do end end)()'
	refused 78 "hpo-sample: c/campaign.ini: trial 0: [constraint] 'loop' (line 8): more than 1000000 instructions" \
	    hpo-sample c
	with '[when]' 'x = (function() repeat until false end)()'
	refused 78 "hpo-sample: c/campaign.ini: trial 0: [when] of 'x' (line 8): more than 1000000 instructions" \
	    hpo-sample c
}

@test "sample: Lua that allocates without end is ended" {
	with '[constraint]' \
	    'big = (function() local t = o while true do t = t .. t end end)()'
	refused 78 "hpo-sample: c/campaign.ini: trial 0: [constraint] 'big' (line 8): more than 16 MiB of memory" \
	    hpo-sample c
}

@test "sample: an expression that fails is named with its reason" {
	with '[constraint]' 'odd = o + 1 > 0'
	refused 78 "hpo-sample: c/campaign.ini: trial 0: [constraint] 'odd' (line 8): attempt to perform arithmetic on a string value (global 'o')" \
	    hpo-sample c
}

@test "sample: expressions reach nothing but parameters and math" {
	with '[constraint]' 'a = os.exit(3)' "b = load('x')()" \
	    'c = _G.x' 'd = math.pi > x'
	refused 65 "hpo-sample: c/campaign.ini:8: the expression names the unknown parameter 'os'
hpo-sample: c/campaign.ini:9: the expression names the unknown parameter 'load'
hpo-sample: c/campaign.ini:10: the expression names the unknown parameter '_G'" \
	    hpo-sample c
	with '[constraint]' 'a = math.random() > 0'
	refused 78 "hpo-sample: c/campaign.ini: trial 0: [constraint] 'a' (line 8): attempt to call a nil value (field 'random')" \
	    hpo-sample c
}

# --- points given -------------------------------------------------------------

# given: a campaign c with a condition and a constraint for points from files.
given() {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 6
		[space]
		x = uniform(0, 1)
		n = int(1, 9)
		o = choice(adam, sgd)
		m = uniform(0.5, 0.99, step=0.01)
		h = choice([64,64], [128,128])
		[when]
		m = o == "sgd"
		[constraint]
		k = x * n < 8
	EOT
}

@test "sample: --enqueue takes JSON lines and completes the points" {
	given
	cat >p.jsonl <<-'EOT'
		{"x": 0.25, "n": 3, "o": "adam", "m": 0.7, "h": [128,128]}

		{"x": 1e-3, "h": "[64,64]"}
		{"o": "sgd", "m": null}
	EOT
	hpo-sample --dry-run -n 3 c >proposed
	run -0 --separate-stderr hpo-sample --enqueue p.jsonl --format tsv c
	same '' "$stderr"
	# What was not given is what would have been proposed.
	want=$(paste "$PWD/proposed" <(echo "$output") | awk -F '\t' '
	NR == 1 { for (i = 1; i <= 6; i++) if ($i != $(i + 6)) exit 1 }
	NR == 2 { print $7, $8, $9, $10, "(" $11 ")", $12 }
	NR == 3 { print $7, $8, $9 == $3, $10 == $4, $12 }
	NR == 4 { print $7, $8 == $2, $9 == $3, $10, $11 != "", $12 == $6 }')
	same '0 0.25 3 adam () [128,128]
1 0.001 1 1 [64,64]
2 1 1 sgd 1 1' "$want"
	hpo-collect --all c | tail -n +2 | cut -f 1,3,8,10- >made
	echo "$output" | tail -n +2 |
		sed 's/\t/\tready\tenqueue\t/' | diff - made
	grep -h '^\(searcher\|reason\) ' c/hpo/trials/0000/0000001/trial.ini |
		diff - <(printf 'searcher = enqueue\nreason = given\n')
	refused 0 '' hpo-sample --verify c
}

@test "sample: --enqueue takes TSV from standard input" {
	given
	printf 'n\to\tx\n4\tsgd\t\r\n\t\t0.5\n' >p.tsv
	run -0 --separate-stderr hpo-sample --enqueue - --format tsv c <p.tsv
	same $'4 sgd\n0.5' "$(echo "$output" | awk -F '\t' '
	    NR == 2 { print $3, $4 } NR == 3 { print $2 }')"
	printf 'x\n0.25\n' | {
		answers 0 2 '' hpo-sample --enqueue - c
	}
	answers 0 3 '' hpo-sample --enqueue <(printf '\357\273\277x\r\n0.5\r\n') c
	same '3	0.5' "$(hpo-collect --all c | cut -f 1,10 | tail -n 1)"
}

@test "sample: --enqueue reads standard input from where it is" {
	given
	printf 'the first line\nx\n0.125\n' >p.tsv
	{
		read -r _
		answers 0 0 '' hpo-sample --enqueue - c
	} <p.tsv
	same 0.125 "$(hpo-collect --all c | tail -n 1 | cut -f 10)"
}

@test "sample: --enqueue canonicalises what it is given" {
	given
	printf '{"x": 0.100000000001, "n": 3.0}\n{"x": 1E-1, "n": 3e0}\n' >p
	answers 0 'id	x	n
0	0.1	3
1	0.1	3' '' sh -c \
	    'hpo-sample --enqueue p --format tsv c | cut -f 1-3'
}

@test "sample: --enqueue --dry-run writes nothing" {
	given
	echo '{"x": 0.5, "n": 3, "o": "adam", "h": "[64,64]"}' >p
	before=$(listing)
	answers 0 'id	x	n	o	m	h
0	0.5	3	adam		[64,64]' '' hpo-sample --enqueue p --dry-run c
	same "$before" "$(listing)"
}

@test "sample: --enqueue beyond the budget makes what fits" {
	given
	for x in 1 2 3 4 5 6 7 8; do
		echo "{\"x\": 0.$x}"
	done >p
	answers 1 $'0\n1\n2\n3\n4\n5' \
	    'hpo-sample: 2 fewer than asked for: all 6 trials of c/campaign.ini exist' \
	    hpo-sample --enqueue p c
	same '0.1 0.2 0.3 0.4 0.5 0.6' \
	    "$(hpo-collect --all c | tail -n +2 | cut -f 10 | xargs)"
}

@test "sample: an empty file of points makes none" {
	given
	refused 0 '' hpo-sample --enqueue /dev/null c
}

@test "sample: all mistakes of a JSON file at once, and nothing made" {
	given
	cat >p.jsonl <<-'EOT'
		{"x": 2, "n": 3.5, "o": "adamm", "m": 0.705, "h": [128,12]}
		{"y": 1e-3, "model": 3}
		{"x": 0.5
		[1]
		{"x": 1, "n": 9}
		{"x": "abc", "n": true, "o": {"a": 1}}
		{"x": 0.5, "x": 0.6}
	EOT
	refused 65 "hpo-sample: p.jsonl:1: x: 2 is not in uniform(0, 1)
hpo-sample: p.jsonl:1: n: 3.5 is not in int(1, 9)
hpo-sample: p.jsonl:1: o: adamm is not in choice(adam, sgd), did you mean adam?
hpo-sample: p.jsonl:1: m: 0.705 is not in uniform(0.5, 0.99, step=0.01)
hpo-sample: p.jsonl:1: h: [128,12] is not in choice([64,64], [128,128]), did you mean [128,128]?
hpo-sample: p.jsonl:2: unknown parameter 'y'
hpo-sample: p.jsonl:2: unknown parameter 'model'
hpo-sample: p.jsonl:3: not one JSON object: '}' expected near end of file
hpo-sample: p.jsonl:4: not a JSON object
hpo-sample: p.jsonl:5: the constraint 'k' (line 13) refuses it
hpo-sample: p.jsonl:6: x: abc is not in uniform(0, 1)
hpo-sample: p.jsonl:6: n: true is not in int(1, 9)
hpo-sample: p.jsonl:6: o: a JSON object is no value
hpo-sample: p.jsonl:7: not one JSON object: duplicate object key near '\"x\"'" \
	    hpo-sample --enqueue p.jsonl c
	same campaign.ini "$(ls -A c)"
}

@test "sample: all mistakes of a TSV file at once, and nothing made" {
	given
	sed -i 's/^x = /rate = /; s/x \*/rate */' c/campaign.ini
	printf 'n\trat\to\to\n4\t1\tsgd\n\t\t0.5\t\n10\t\tx\t\n' >p.tsv
	refused 65 "hpo-sample: p.tsv:1: unknown parameter 'rat', did you mean 'rate'?
hpo-sample: p.tsv:1: o: the column is there twice
hpo-sample: p.tsv:2: 3 fields, the header has 4
hpo-sample: p.tsv:3: o: 0.5 is not in choice(adam, sgd)
hpo-sample: p.tsv:4: n: 10 is not in int(1, 9)
hpo-sample: p.tsv:4: o: x is not in choice(adam, sgd)" \
	    hpo-sample --enqueue p.tsv c
	echo '[{"n": 1}]' >p.json
	refused 65 'hpo-sample: p.json:1: a JSON array: write one object a line' \
	    hpo-sample --enqueue p.json c
	printf 'n\n\0\n' >p.tsv
	refused 65 'hpo-sample: p.tsv: there is a NUL byte' \
	    hpo-sample --enqueue p.tsv c
}

# --- --verify -----------------------------------------------------------------

@test "sample: --verify finds a point that was edited" {
	wide
	hpo-sample -n 4 c >ids
	refused 0 '' hpo-sample --verify c
	file=c/hpo/trials/0000/0000002/trial.ini
	was=$(sed -n 's/^a = //p' $file)
	sed -i 's/^a = .*/a = 2.5/' $file
	before=$(listing)
	# The checksum tells already.
	answers 1 '2: trials/0000/0000002/trial.ini: trial file damaged: wrong checksum' '' \
	    hpo-sample --verify c
	crc=$(sed '/^\[end\]/,$d' $file | gzip -c | tail -c 8 |
	    od -An -tx4 -N4 --endian=little | tr -d ' ')
	sed -i "s/^crc32 = .*/crc32 = $crc/" $file
	answers 1 "2: a is 2.5, not $was" '' hpo-sample --verify c
	sed -i "s/^a = .*/a = $was/" $file
	sed -i "s/^crc32 = .*/crc32 = $(sed '/^\[end\]/,$d' $file | gzip -c |
	    tail -c 8 | od -An -tx4 -N4 --endian=little | tr -d ' ')/" $file
	refused 0 '' hpo-sample --verify c
}

@test "sample: --verify names trials of another space or seed" {
	wide
	hpo-sample -n 2 c >ids
	sed -i 's/^trials/seed = 7\n&/' c/campaign.ini
	hpo-sample c >ids
	answers 1 '0: made from another space or seed
1: made from another space or seed' '' hpo-sample --verify c
	sed -i 's/^a = .*/a = uniform(-1, 2)/' c/campaign.ini
	answers 1 '0: made from another space or seed
1: made from another space or seed
2: made from another space or seed' '' hpo-sample --verify c
}

@test "sample: --verify of a campaign without trials has nothing to say" {
	small
	refused 0 '' hpo-sample --verify c
}

# --- campaign.ini -------------------------------------------------------------

@test "sample: all mistakes of campaign.ini at once, with suggestions" {
	campaign c <<-'EOT'
		[campaing]
		name = x
		[campaign]
		nmae = x
		minimise = loss
		name = a b
		name = c
		trials = 0
		seed = -1
		[space]
		lr = loguniform(0, 1e-2)
		l2 = loguniform(1e-2, 1e-4)
		u = uniform(1, 1)
		u2 = uniform(2, 1)
		e = choice()
		i = int(1.5, 3)
		x = unifrom(0, 1)
		2x = uniform(0, 1)
		end = uniform(0, 1)
		id = uniform(0, 1)
		lr = uniform(0, 1)
		a = uniform(0, 1)
		b = uniform(0, 1)
		w = choice(a, b, weights=[1])
		w2 = choice(a, a)
		s = uniform(0, 1, step=0)
		v =
	EOT
	refused 65 "hpo-sample: c/campaign.ini:1: unknown section 'campaing', did you mean 'campaign'?
hpo-sample: c/campaign.ini:4: unknown key 'nmae' in [campaign], did you mean 'name'?
hpo-sample: c/campaign.ini:5: unknown key 'minimise' in [campaign], did you mean 'minimize'?
hpo-sample: c/campaign.ini:6: name 'a b' must be 1 to 64 of A-Z a-z 0-9 . _ -
hpo-sample: c/campaign.ini:7: 'name' again, the first is in line 6
hpo-sample: c/campaign.ini:8: trials '0' is no whole number from 1 to 10000000
hpo-sample: c/campaign.ini:9: seed '-1' is no whole number from 0 to 9223372036854775807
hpo-sample: c/campaign.ini:11: the bounds of loguniform must be above 0
hpo-sample: c/campaign.ini:12: the range of loguniform is reversed: write the smaller bound first
hpo-sample: c/campaign.ini:13: the range of uniform is empty, write const(x) for one fixed value
hpo-sample: c/campaign.ini:14: the range of uniform is reversed: write the smaller bound first
hpo-sample: c/campaign.ini:15: choice needs a value
hpo-sample: c/campaign.ini:16: int takes whole numbers, got '1.5'
hpo-sample: c/campaign.ini:17: unknown domain 'unifrom', did you mean 'uniform'?
hpo-sample: c/campaign.ini:18: '2x' is no identifier: letters, digits and '_', no digit first
hpo-sample: c/campaign.ini:19: 'end' is a keyword of Lua, choose another name
hpo-sample: c/campaign.ini:20: 'id' is reserved: {id} in the command is not a parameter, choose another name
hpo-sample: c/campaign.ini:21: 'lr' again, the first is in line 11
hpo-sample: c/campaign.ini:24: there are 1 weights for 2 values
hpo-sample: c/campaign.ini:25: choice has the value 'a' twice
hpo-sample: c/campaign.ini:26: the step '0' is not above 0
hpo-sample: c/campaign.ini:27: 'v' has no value
hpo-sample: c/campaign.ini: [campaign] has neither 'minimize' nor 'maximize'" \
	    hpo-sample c
}

@test "sample: mistakes in expressions, command and limits at once" {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 3
		[space]
		rate = uniform(0, 1)
		a = uniform(0, 1)
		b = uniform(0, 1)
		[when]
		a = b > 0.5
		b = a > 0.5
		rte = a > 1
		[constraint]
		k = rat < 1
		l = a != 3
		m = a +
		[run]
		command = echo {aa} "x
		timout = 3
		timeout = soon
		retries = -1
		log_limit = 1K
		[metrics]
		loss = (
		[local]
		timeout = 3
		[slurm]
		signal = USR1
	EOT
	refused 65 "hpo-sample: c/campaign.ini:14: <eof> expected near '!'; write ~= for !=
hpo-sample: c/campaign.ini:15: unexpected symbol near <eof>
hpo-sample: c/campaign.ini:18: unknown key 'timout' in [run], did you mean 'timeout'?
hpo-sample: c/campaign.ini:19: timeout 'soon' is no duration, write e.g. 90s, 30m, 2h or 1d, or none
hpo-sample: c/campaign.ini:20: retries '-1' is no whole number from 0 to 1000000, nor none
hpo-sample: c/campaign.ini:21: log_limit '1K' is not from 4K to 1024G
hpo-sample: c/campaign.ini:23: the pattern of 'loss' is no extended regular expression: Unmatched ( or \\(
hpo-sample: c/campaign.ini:25: 'timeout' belongs in [run], not in [local]
hpo-sample: c/campaign.ini:27: 'signal' is not for the campaign to say: hpo-dispatch asks for the warning; see 'checkpoint_signal'
hpo-sample: c/campaign.ini:11: [when] of the unknown parameter 'rte', did you mean 'rate'?
hpo-sample: c/campaign.ini:13: the expression names the unknown parameter 'rat', did you mean 'rate'?
hpo-sample: c/campaign.ini:9: [when] goes in a circle: a -> b -> a
hpo-sample: c/campaign.ini:17: the quote (\") in '\"x' does not close" \
	    hpo-sample c
}

@test "sample: an unknown method is refused with a suggestion" {
	with '[search]' 'method = radnom'
	refused 65 "hpo-sample: c/campaign.ini:8: unknown method 'radnom', did you mean 'random'?" \
	    hpo-sample c
	with '[search]' 'method = random'
	answers 0 0 '' hpo-sample c
}

@test "sample: an empty file, a missing one, and a directory in its place" {
	campaign c </dev/null
	refused 65 "hpo-sample: c/campaign.ini: [campaign] has neither 'minimize' nor 'maximize'
hpo-sample: c/campaign.ini: [campaign] has no 'trials'
hpo-sample: c/campaign.ini: [space] has no parameter" hpo-sample c
	rm c/campaign.ini
	refused 65 "hpo-sample: 'c' is not a campaign: it has no campaign.ini" \
	    hpo-sample c
	mkdir c/campaign.ini
	refused 65 "hpo-sample: 'campaign.ini' is not a file" hpo-sample c
	rm -r c
	refused 65 "hpo-sample: cannot open 'c': No such file or directory" \
	    hpo-sample c
}

@test "sample: CRLF, a byte order mark and UTF-8 are understood" {
	campaign c <<-'EOT'
		; größer, schneller
		[campaign]
		minimize = loss
		trials = 3
		[space]
		wort = const("grün; ± 漢字")
		x = const(1) ; ein Kommentar
	EOT
	answers 0 'id	wort	x
0	grün; ± 漢字	1' '' hpo-sample --dry-run c
	{ printf '\357\273\277' && sed 's/$/\r/' c/campaign.ini; } >crlf
	mv crlf c/campaign.ini
	answers 0 'id	wort	x
0	grün; ± 漢字	1' '' hpo-sample --dry-run c
}

@test "sample: a line of 100 KB is read whole" {
	{
		printf '[campaign]\nminimize = loss\ntrials = 3\n[space]\n'
		printf 'long = choice('
		seq -f 'value%06.0f' -s ', ' 1 7000
		printf 'x = const(1)\n'
	} | sed 's/value007000$/&)/' | campaign c
	[ "$(wc -L <c/campaign.ini)" -gt 90000 ]
	run -0 --separate-stderr hpo-sample --dry-run -n 3 c
	[ "$(echo "$output" | grep -cE '^[0-2]	value00[0-9]{4}	1$')" -eq 3 ]
	echo '{"long": "value007000"}' | hpo-sample --enqueue - c
	same 'value007000	1' "$(hpo-collect --all c | tail -n 1 | cut -f 10-)"
}

@test "sample: expressions and the command go on in indented lines" {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 3
		[space]
		x = const(1)
		y = const(2)
		[when]
		y = x > 0
		    and                ; of the first line
		    # a line of its own

		    x < 2
		[constraint]
		c = x
		    + y == 3
		[run]
		command = echo
		    {args}
	EOT
	answers 0 'id	x	y
0	1	2' '' hpo-sample --dry-run c
	sed -i 's/^x = .*/&\n  + 3/; s/^    {args}/  retries = 3/' c/campaign.ini
	refused 65 "hpo-sample: c/campaign.ini:6: indented line: 'x' must be on one line (command, setup, [when] and [constraint] may go on)
hpo-sample: c/campaign.ini:19: 'retries = 3' is indented: an entry must start in column 1 (put quotes around it to go on with 'command')" \
	    hpo-sample c
}

# --- the place ----------------------------------------------------------------

@test "sample: a campaign that everyone can write is not trusted" {
	small
	chmod o+w c/campaign.ini
	refused 77 "hpo-sample: 'c/campaign.ini' is writable by everyone: chmod o-w it first" \
	    hpo-sample c
	chmod o-w,g+w c/campaign.ini
	chmod o+w c
	refused 77 "hpo-sample: 'c' is writable by everyone: chmod o-w it first" \
	    hpo-sample c
	chmod o-w,g+w c
	answers 0 0 '' hpo-sample c
}

@test "sample: a stranger's campaign needs HPO_TRUST" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	small
	chown nobody c/campaign.ini
	id=$(id -u nobody)
	refused 77 "hpo-sample: 'c/campaign.ini' belongs to user $id: name that user in HPO_TRUST if you trust the command in it" \
	    hpo-sample c
	refused 77 "hpo-sample: 'c/campaign.ini' belongs to user $id: name that user in HPO_TRUST if you trust the command in it" \
	    env HPO_TRUST='daemon nobod,,:' hpo-sample c
	answers 0 0 '' env HPO_TRUST='daemon,nobody' hpo-sample c
	chown 0 c/campaign.ini
	HPO_TRUST='' hpo-sample --verify c
}

@test "sample: state of another version is refused" {
	small
	hpo-sample c >ids
	cp -R c/hpo saved
	sed -i '1s/.*/hpo-campaign 2/' c/hpo/FORMAT
	refused 65 "hpo-sample: c/hpo/FORMAT:1: 'hpo-campaign 2' was written by another version; this one reads 'hpo-campaign 1'" \
	    hpo-sample c
	printf 'hpo-campaign 12\nx\n' >c/hpo/FORMAT
	refused 65 "hpo-sample: c/hpo/FORMAT:1: 'hpo-campaign 12' was written by another version; this one reads 'hpo-campaign 1'" \
	    hpo-sample c
	rm c/hpo/FORMAT
	refused 65 "hpo-sample: 'c/hpo' has no file FORMAT: it is not a campaign's" \
	    hpo-sample c
	rm -r c/hpo
	mv saved c/hpo
	answers 0 1 '' hpo-sample c
}

@test "sample: an unwritable directory is refused" {
	not_under valgrind 'another user cannot write its reports'
	small
	if [ "$(id -u)" -eq 0 ]; then
		as=(setpriv --reuid nobody --clear-groups)
		setpriv --version >/dev/null || skip 'needs setpriv'
		chmod a+rx . ..
		"${as[@]}" test -r c/campaign.ini || skip 'nobody cannot look here'
	else
		as=(env)
		chmod a-w c
	fi
	run --separate-stderr "${as[@]}" hpo-sample c
	same "77 " "$status $output"
	[[ $stderr == "hpo-sample: campaign 'c': cannot "*": Permission denied" ]]
	same campaign.ini "$(ls -A c)"
	chmod u+w c
	hpo-sample c >ids
	chmod -R a-w c/hpo
	before=$(listing)
	run --separate-stderr "${as[@]}" hpo-sample c
	same "77 " "$status $output"
	[[ $stderr == "hpo-sample: cannot "*": Permission denied" ]]
	same "$before" "$(listing)"
	chmod -R u+w c/hpo
}

@test "sample: something else is called hpo" {
	small
	echo mine >c/hpo
	refused 74 "hpo-sample: campaign 'c': cannot open 'hpo': Not a directory" \
	    hpo-sample c
	same mine "$(cat c/hpo)"
	rm c/hpo
	mkdir c/hpo
	refused 65 "hpo-sample: 'c/hpo' has no file FORMAT: it is not a campaign's" \
	    hpo-sample c
	export NO_FSCK=1
}

# --- the command line ---------------------------------------------------------

@test "sample: usage mistakes" {
	small
	refused 64 "hpo-sample: --count takes a number from 0 to 10000000, not '-1'" \
	    hpo-sample -n -1 c
	refused 64 "hpo-sample: --count takes a number from 0 to 10000000, not '10000001'" \
	    hpo-sample -n 10000001 c
	refused 64 "hpo-sample: --fill takes a number from 0 to 10000000, not '1e3'" \
	    hpo-sample --fill=1e3 c
	refused 64 "hpo-sample: --format is tsv, jsonl or ini, not 'csv'" \
	    hpo-sample --format csv c
	refused 64 'hpo-sample: --enqueue makes as many trials as the file has points: leave out --count and --fill' \
	    hpo-sample --enqueue p -n 3 c
	refused 64 'hpo-sample: --verify makes no trials: leave out the other options' \
	    hpo-sample --verify -n 3 c
	refused 64 "hpo-sample: '7' is an id, not a campaign: for a directory of this name write './7'" \
	    hpo-sample 7
	refused 64 "hpo-sample: 'c/campaign.ini' is a file, not a campaign's directory" \
	    hpo-sample c/campaign.ini
	refused 64 "hpo-sample: '-' is standard input, not a campaign" \
	    hpo-sample -
	refused 64 'hpo-sample: no campaign: name a directory, set HPO_CAMPAIGN, or cd to one' \
	    hpo-sample
}

@test "sample: when the reader has gone, what was made is there" {
	small 1000
	hpo-sample -n 600 c | true
	n=$(hpo-collect --all c | tail -n +2 | wc -l)
	[ "$n" -ge 250 ] # the first batch was there before its ids were printed
	[ "$(states)" = "$n ready" ]
}
