# Common to the tests of share/backends/gridengine.

GRID=$TOP/share/backends/gridengine

# t TEXT: with a tab for every |, and a newline.
t() {
	printf '%s\n' "$1" | tr '|' '\t'
}

# same WANT GOT: the texts are equal, or the difference is shown.
same() {
	diff -u --label wanted --label got <(printf '%s\n' "$1") <(printf '%s\n' "$2")
}

# listed PREFIX LINE [JOB...]: one line of the list is LINE, with | for tabs.
listed() {
	"$GRID" list "prefix=$1" "${@:3}" | grep -xF -- "$(t "$2")" >/dev/null
}

# live PREFIX COUNT STATE: so many workers are in that state.
live() {
	[ "$("$GRID" list "prefix=$1" | cut -f 3 | grep -cx "$3")" -eq "$2" ]
}

# has FILE LINE: the file has that line.
has() {
	grep -qxF -- "$2" "$1" 2>/dev/null
}

# worker: a script as those of hpo-dispatch are. It says what reaches it, and
# ends when it is told to, or when it finds the file `end`.
worker() {
	cat >worker.sh <<-'END'
		id="${JOB_ID}.${SGE_TASK_ID}"
		echo "start $id in $PWD${SECRET+ with $SECRET}"
		trap 'echo USR1' USR1
		trap 'echo USR2' USR2
		trap 'echo TERM; exit 143' TERM
		until [ -e end ]; do sleep 0.05; done
		echo "end $id"
		exit "$(cat end)"
	END
}
