# Campaigns made by hand, file by file: `load lib/records`, after helper.

# The writer that hand-made results are by, unless W is set to another.
: "${W:=host-1.0-0123456789abcdef}"

# seal FILE: append the seal that trial files and results end with.
seal() {
	local crc

	# gzip ends with the CRC-32 and the length of what it packed.
	crc=$(gzip -1c -- "$1" | tail -c 8 | od -An -N4 -tx4 --endian=little)
	printf '[end]\ncrc32 = %s\n' "${crc# }" >>"$1"
}

# toy [DIR]: a campaign of six trials, with an empty hpo/.
toy() {
	local dir=${1-c}

	campaign "$dir" <<-'EOT'
		[campaign]
		name = toy
		minimize = loss
		trials = 6
		[space]
		lr = uniform(0, 1)
		opt = choice(adam, sgd)
		[run]
		command = true
	EOT
	mkdir -p "$dir"/hpo/{trials,ready,held,running,done,failed,closed} \
	    "$dir"/hpo/{segments,control,observed,tmp}
	printf 'hpo-campaign 1\n0123456789abcdef\n' >"$dir/hpo/FORMAT"
}

# paths_of ID: set id, the seven digits of a home, and s, the segment.
paths_of() {
	printf -v id %07d "$1"
	printf -v s %04d $(($1 / 1000))
}

# home ID NAME=VALUE...: the home of a trial of c, with its point.
home() {
	local id s number=$1 file

	paths_of "$1"
	shift
	mkdir -p "c/hpo/trials/$s/$id"
	file=c/hpo/trials/$s/$id/trial.ini
	cat >"$file" <<-EOT
		[trial]
		format = 1
		id = $number
		parent = none
		searcher = random
		reason = drawn at random
		space = 0123456789abcdef
		view =
		seed = 1
		created = 2026-11-23T09:00:00Z
		random = 0123456789abcdef
		[point]
	EOT
	[ $# -eq 0 ] || printf '%s\n' "${@/=/ = }" >>"$file"
	seal "$file"
}

# token STATE ID.A: an empty file.  STATE is ready, held, or running/W; done
# and failed with ID.A.W.
token() {
	local id s number=${2%%.*}

	paths_of "$number"
	case $1 in
	running/*) s= ;;
	*) s=/$s ;;
	esac
	mkdir -p "c/hpo/$1$s"
	: >"c/hpo/$1$s/$id.${2#*.}"
}

# result ID A STATUS CAUSE [NAME=VALUE...] [-- LINE...]: how an attempt ended,
# with its metrics and the last lines of its log.  JOB, CPU and PEAK may be set
# to lines of [job], to seconds and to bytes.
result() {
	local id s file number=$1 attempt=$2 status=$3 cause=$4 i=0

	shift 4
	paths_of "$number"
	file=c/hpo/trials/$s/$id/result.$attempt.$W.ini
	cat >"$file" <<-EOT
		[result]
		format = 1
		id = $number
		attempt = $attempt
		status = $status
		cause = $cause
		exit = 0
		signal = none
		started = 2026-11-23T09:3$((number % 10)):0$((attempt % 10))Z
		seconds = 1.$number
		user = ${CPU-0.000}
		system = 0.000
		peak = ${PEAK-0}
		host = host
		worker = $W
	EOT
	[ -z "${JOB-}" ] || printf '[job]\n%s\n' "$JOB" >>"$file"
	[ $# -eq 0 ] || [ "$1" = -- ] || echo '[metrics]' >>"$file"
	for (( ; $# > 0; )); do
		[ "$1" != -- ] || break
		echo "${1/=/ = }" >>"$file"
		shift
	done
	[ $# -lt 2 ] || echo '[log]' >>"$file"
	for (( ; $# > 1; )); do
		shift
		echo "tail.$((++i)) = $1" >>"$file"
	done
	seal "$file"
}

# good ID A STATUS CAUSE [...]: a result that counts, its token in done/.
good() {
	result "$@"
	token 'done' "$1.$2.$W"
}

# gave_up ID A STATUS CAUSE [...]: likewise in failed/.
gave_up() {
	result "$@"
	token failed "$1.$2.$W"
}
