#!/usr/bin/env bats
# Whatever the fuzzers have ever found does not break a parser again.

bats_require_minimum_version 1.8.0
load ../lib/helper

@test "fuzz: every target holds on its corpus, under the sanitizers" {
	local f name bad=0

	[ -x "$BUILD_DIR/fuzz/inifile" ] ||
		skip 'the fuzz targets are not built: no sanitizers here'
	for f in "$TOP"/tests/fuzz/f_*.c; do
		name=${f##*/f_} name=${name%.c}
		run "$BUILD_DIR/fuzz/$name" "$TOP/tests/fuzz/corpus/$name"
		[ "$status" -eq 0 ] && [ "${#lines[@]}" -ge 5 ] || {
			echo "$name: status $status"
			echo "$output"
			bad=1
		}
	done
	[ "$bad" -eq 0 ]
}

@test "fuzz: the corpora stay small" {
	local f name

	for f in "$TOP"/tests/fuzz/f_*.c; do
		name=${f##*/f_} name=${name%.c}
		[ "$(find "$TOP/tests/fuzz/corpus/$name" -type f | wc -l)" -le 30 ]
	done
	[ "$(find "$TOP/tests/fuzz/corpus" -type f -exec cat {} + | wc -c)" \
	    -le 150000 ]
}
