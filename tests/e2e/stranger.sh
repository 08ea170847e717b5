#!/bin/sh
# A worker that knows nothing but hpo-queue(7).  usage: stranger.sh CAMPAIGN
# It makes height = (x - 1)^2 + y of every trial that waits, and ends.
# shellcheck disable=SC2010 # names of a known form
set -Ceu
cd "$1/hpo" && grep -qx 'hpo-campaign 1' FORMAT || exit 65
host=$(uname -n | sed 's/[^A-Za-z0-9.-]/_/g; s/^\./_/') n=0
W=$host-$$.0-$(od -A n -N 8 -t x8 /dev/urandom | tr -d ' ') R=running/$W
crc32() { gzip | tail -c 8 | od -A n -N 4 -t x4 | tr -d ' '; }
move() { { mv -T "$1" "$2" || [ -e "$2" ]; } 2>/dev/null && sync "${2%/*}"; }

new=tmp/$W.0 && mkdir "$new" && cat /proc/uptime >"$new/heartbeat"
printf '%s\n' '[worker]' 'format = 1' "host = $host" "pid = $$" 'slot = 0' \
    "boot = $(cat /proc/sys/kernel/random/boot_id)" 'kind = stranger' \
    "start = $(sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 20)" \
    "pidns = $(stat -L -c %i /proc/self/ns/pid)" >"$new/worker.ini"
sync "$new/worker.ini" "$new/heartbeat" "$new" && move "$new" "$R"
# sleep: from beat to beat, also while an objective is made
while sleep 1 && kill -0 $$ && cat /proc/uptime >|"$R/heartbeat"; do :
done >/dev/null 2>&1 &

until ls control | grep -qxE 'drain|stop'; do
	while ls control | grep -qx pause; do sleep 2; done # sleep: as told
	# First a token that lies here since a claim reported an error.
	for t in "$R"/[0-9]* ready/*/*; do
		move "$t" "$R/${t##*/}" && break
	done || break
	t=${t##*/} home=trials/${t%???.*}/${t%.*} ini=$home/trial.ini
	how='failed\ncause = trial file damaged' to=failed
	if [ "$(tail -c 9 "$ini")" = "$(head -c -23 "$ini" | crc32)" ]; then
		z=$(HPO_WORKER=$W awk '$1 == "x" { x = $3 } $1 == "y" { y = $3 }
		    END { print (x - 1) ^ 2 + y }' "$ini")
		how="ok\ncause =\n[metrics]\nheight = $z" to='done'
	fi
	# The first try finds a result that was there before.
	until move "$new" "$home/result.${t#*.}.$W.ini" || [ ! -d "$home" ]; do
		new=tmp/$W.$((n += 1))
		printf '%b\n' '[result]\nformat = 1\nexit = none\nsignal = none' \
		    'seconds = 0\nuser = 0\nsystem = 0\npeak = 0\nstarted =' \
		    "id = $(echo "${t%.*}" | sed 's/^0*\(.\)/\1/')" "host = $host" \
		    "attempt = ${t#*.}" "worker = $W" "status = $how" >"$new"
		printf '[end]\ncrc32 = %s\n' "$(crc32 <"$new")" >>"$new"
		sync "$new" || rm "$new"
	done
	mkdir -p "$to/${t%???.*}" && sync "$to"
	move "$R/$t" "$to/${t%???.*}/$t.$W" || break
done
kill $! && wait
ls "$R" | grep -q '^[0-9]' || { rm -f "$R"/[!0-9]* && rmdir "$R"; }
