#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-*) syscall */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/quota.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/proc.h"

enum { MOUNTS_MAX = 64 << 20, FDINFO_MAX = 1 << 16 };

/* The mount that a descriptor came through: "mnt_id:\tN" (proc(5)). */
static long
mount_of(int fd)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	char path[40], *p;
	long id = -1;

	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	if (fs_slurp(AT_FDCWD, path, FDINFO_MAX, &b, &e) == 0 &&
	    (p = strstr(b.s, "mnt_id:")) != NULL)
		id = strtol(p + 7, NULL, 10);
	str_free(&b);

	return id;
}

/* \040 and the like, in place: blanks and newlines in names are octal. */
static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++, to++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
		    s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
			    (s[3] - '0'));
			s += 3;
		} else {
			*to = *s;
		}
	}
	*to = '\0';
}

/*
 * A line of mountinfo (proc(5)): "ID parent major:minor root mountpoint
 * options [optional...] - type source options of the file system".
 */
static int
parse_mount(char *line, struct proc_mount *m)
{
	char *save, *word, *of_mount = NULL, *type, *source, *of_fs;
	int i;

	word = strtok_r(line, " ", &save);
	for (i = 0; word != NULL && strcmp(word, "-") != 0; i++) {
		if (i == 5)
			of_mount = word;
		word = strtok_r(NULL, " ", &save);
	}
	type = strtok_r(NULL, " ", &save);
	source = strtok_r(NULL, " ", &save);
	of_fs = strtok_r(NULL, " ", &save);
	if (word == NULL || of_mount == NULL || type == NULL || source == NULL)
		return -1;
	unescape(source);
	snprintf(m->type, sizeof m->type, "%s", type);
	snprintf(m->source, sizeof m->source, "%s", source);
	snprintf(m->options, sizeof m->options, "%s%s%s", of_mount,
	    of_fs != NULL ? "," : "", of_fs != NULL ? of_fs : "");

	return 0;
}

int
proc_mount(int fd, struct proc_mount *m)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	char *line, *next;
	long id = mount_of(fd);
	int bad = -1;

	memset(m, 0, sizeof *m);
	if (id < 0 ||
	    fs_slurp(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_MAX, &b, &e) <
		0) {
		str_free(&b);
		return -1;
	}
	for (line = b.s; line != NULL && *line != '\0' && bad; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (strtol(line, NULL, 10) == id)
			bad = parse_mount(line, m);
	}
	str_free(&b);

	return bad;
}

/*
 * By device or, where that is no file here, by descriptor (Linux 5.14).  What
 * has no device has no quotas of this kind: those of NFS and of what is made
 * of several disks are kept elsewhere.
 */
static int
get_quota(int fd, const char *device, int cmd, uint32_t id, struct dqblk *d)
{
	if (device[0] == '/' && access(device, F_OK) == 0)
		return quotactl(cmd, device, (int)id, (char *)d);
#ifdef SYS_quotactl_fd
	if (device[0] == '/')
		return (int)syscall(SYS_quotactl_fd, fd, cmd, id, d);
#endif
	(void)fd;
	errno = ENOSYS;

	return -1;
}

/* What is left of a limit; the soft one counts where it is the only one. */
static double
left(uint64_t hard, uint64_t soft, double used)
{
	double limit = (double)(hard > 0 ? hard : soft);

	if (hard == 0 && soft == 0)
		return -1;

	return limit > used ? limit - used : 0;
}

int
proc_quota(int fd, const struct proc_mount *m, bool group, uint32_t id,
    struct proc_quota *q)
{
	enum { BLOCK = 1024 }; /* the unit of limits, quotactl(2) */
	struct dqblk d;
	/* QCMD() shifts into the sign. */
	unsigned cmd =
	    (unsigned)Q_GETQUOTA << SUBCMDSHIFT | (group ? GRPQUOTA : USRQUOTA);

	memset(&d, 0, sizeof d);
	q->bytes = q->files = -1;
	if (get_quota(fd, m->source, (int)cmd, id, &d) < 0)
		/* Not turned on, or nothing is known of us. */
		return errno == ESRCH || errno == ENOENT ? 0 : -1;
	q->bytes = left(d.dqb_bhardlimit, d.dqb_bsoftlimit,
	    (double)d.dqb_curspace / BLOCK);
	if (q->bytes > 0)
		q->bytes *= BLOCK;
	q->files =
	    left(d.dqb_ihardlimit, d.dqb_isoftlimit, (double)d.dqb_curinodes);

	return q->bytes >= 0 || q->files >= 0;
}
