#!/usr/bin/env bats
# The static tarball runs a campaign where there is nothing but a shell,
# coreutils, perl and GNU parallel; and awk, which the example asks for.
# bats file_tags=slow

bats_require_minimum_version 1.8.0
load ../lib/helper

# copy ROOT FILE...: programs, and the libraries they load.
copy() {
	local root=$1 file lib

	shift
	for file; do
		cp -L --parents "$file" "$root" || return
		for lib in $(ldd "$file" 2>/dev/null | grep -o '/[^ ]*'); do
			[ -e "$root$lib" ] || cp -L --parents "$lib" "$root"
		done
	done
}

# make_root ROOT: such a machine, with its directories as on this one.
make_root() {
	local root=$1 dir

	mkdir -p "$root"/{dev,proc,tmp,srv,usr/bin,usr/lib,usr/lib64,usr/sbin}
	for dir in bin lib lib64 sbin; do
		if [ -L "/$dir" ]; then
			ln -s "usr/$dir" "$root/$dir"
		else
			mkdir -p "$root/$dir"
		fi
	done
	# shellcheck disable=SC2046 # a word each
	copy "$root" /bin/sh $(dpkg -L coreutils | grep -E '^(/usr)?/s?bin/.') \
	    "$(command -v perl)" "$(command -v parallel)" "$(command -v awk)"
	# shellcheck disable=SC2016 # variables of perl
	for dir in $(perl -MConfig -e 'print join " ", grep { -d }
	    @Config{qw(privlibexp archlibexp)}, grep { /perl-base/ } @INC'); do
		cp -RL --parents "$dir" "$root"
	done
	mknod -m 666 "$root/dev/null" c 1 3
	mknod -m 666 "$root/dev/tty" c 5 0
}

# inside ROOT COMMAND...: run it there, with a /proc and pids of its own.
inside() {
	local root=$1

	shift
	# shellcheck disable=SC2016 # arguments of that shell
	unshare --mount --pid --fork --kill-child sh -c '
		mount -t proc proc "$0/proc" && exec chroot "$0" env -i \
		    HOME=/srv PATH=/srv/hpo/bin:/usr/bin:/bin "$@"
	' "$root" "$@"
}

@test "dist-bin: the tarball runs a campaign in a bare chroot" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	[ -z "${HPO_TEST_VARIANT-}" ] || skip 'the tarball is not instrumented'
	command -v dpkg >/dev/null || skip 'needs Debian'
	unshare --mount --pid --fork true 2>/dev/null ||
		skip 'cannot make a name space'

	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$TOP" dist-bin
	make_root root
	mkdir root/srv/hpo
	tar -xzf "$TOP/build/hpo-$(cat "$TOP/VERSION")-linux-$(uname -m).tar.gz" \
	    -C root/srv/hpo --strip-components 1
	run -0 inside "$PWD/root" ls /srv/hpo
	[ "$output" = $'LICENSE\nREADME.md\nbin\nshare' ]
	cp -R root/srv/hpo/share/hpo/examples/shell root/srv/branin

	run -0 inside "$PWD/root" hpo-dispatch --local /srv/branin
	run -0 --separate-stderr inside "$PWD/root" hpo-collect /srv/branin
	[ "$(echo "$output" | awk -F '\t' '$3 == "ok"' | wc -l)" -eq 20 ]
	run -0 --separate-stderr inside "$PWD/root" hpo-report /srv/branin
	[ -n "$output" ]
	[ -z "$stderr" ]
	run -0 inside "$PWD/root" hpo-collect --fsck /srv/branin
}
