#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/str.h"
#include "queue/name.h"
#include "queue/probe.h"

/*
 * What the remaining trials need.  A loose trial has a home, trial.ini, a
 * result, a log and a token; a sealed segment a directory, a file, and the
 * empty one in place of its directory of waiting trials.  At most three
 * segments are loose at a time: two that wait to be sealed and the one that
 * is filled.
 */
enum {
	LOOSE = 3 * NAME_SEGMENT,
	LOOSE_INODES = 5,
	LOOSE_BYTES = 4 * 4096, /* blocks: the token has none */
	SEALED_INODES = 3,
	SEALED_BYTES = 2048,  /* of a trial, generously */
	OTHER_INODES = 100,   /* directories, workers, what is in tmp/ */
	OTHER_BYTES = 4 << 20 /* and a log as long as it is written */
};

static double
loose(const struct place *p)
{
	return p->remaining < LOOSE ? p->remaining : LOOSE;
}

/* --- how it is mounted ---------------------------------------------------- */

/* Is ${word} one of the options? */
static bool
has(const char *options, const char *word)
{
	size_t n = strlen(word), k;

	for (; *options != '\0'; options += k + (options[k] == ',')) {
		k = strcspn(options, ",");
		if (k == n && strncmp(options, word, n) == 0)
			return true;
	}

	return false;
}

static const struct {
	const char *type;   /* or how it begins, with a star */
	const char *option; /* NULL: of any */
	enum exam_status status;
	const char *what, *remedy;
} mounts[] = {
	/* nfs(5), mount.cifs(8): an operation that took too long fails, and
	 * the server may do it later. */
	{ "nfs*", "soft", EXAM_FINDING,
	    "mounted soft: what fails here may happen all the same",
	    "mount it with the option hard" },
	{ "nfs*", "softerr", EXAM_FINDING,
	    "mounted softerr: what fails here may happen all the same",
	    "mount it with the option hard" },
	{ "cifs", "soft", EXAM_FINDING,
	    "mounted soft: what fails here may happen all the same",
	    "mount it with the option hard" },
	{ "smb3", "soft", EXAM_FINDING,
	    "mounted soft: what fails here may happen all the same",
	    "mount it with the option hard" },
	{ "*", "ro", EXAM_FINDING, "mounted for reading only",
	    "mount it with the option rw" },
	{ "nfs*", "nocto", EXAM_NOTE,
	    "mounted nocto: what other hosts write is seen late",
	    "mount it with the option cto" },
	{ "nfs*", "noac", EXAM_NOTE,
	    "mounted noac: right, but slow; the queue does not need it",
	    "mount it with the option ac" },
	{ "nfs*", "lookupcache=none", EXAM_NOTE,
	    "mounted lookupcache=none: right, but slow; the queue does not "
	    "need it",
	    "mount it without that option" },
	{ "*", "nobarrier", EXAM_NOTE,
	    "mounted nobarrier: a power cut may take back what was durable",
	    "mount it with the option barrier" },
	{ "*", "barrier=0", EXAM_NOTE,
	    "mounted barrier=0: a power cut may take back what was durable",
	    "mount it with the option barrier=1" },
	{ "overlay", NULL, EXAM_NOTE,
	    "an overlay: in a container, what is written goes with it",
	    "keep the campaign on a mounted volume" },
	{ "tmpfs", NULL, EXAM_NOTE, "in memory: gone after a reboot",
	    "keep the campaign on a disk" },
	{ "ramfs", NULL, EXAM_NOTE, "in memory: gone after a reboot",
	    "keep the campaign on a disk" },
	{ "fuse*", NULL, EXAM_NOTE,
	    "a program: whether data is durable is up to it", "" },
	{ "9p", NULL, EXAM_NOTE,
	    "passed on from another system: what is durable is up to that",
	    "" },
	{ "virtiofs", NULL, EXAM_NOTE,
	    "passed on from another system: what is durable is up to that",
	    "" },
	/* Locks are of no use to the queue, and so these of no harm. */
	{ "nfs*", "nolock", EXAM_OK, "mounted nolock: the queue takes no locks",
	    "" },
};

static bool
is_type(const char *pattern, const char *type)
{
	size_t n = strcspn(pattern, "*");

	return pattern[n] == '*' ? strncmp(pattern, type, n) == 0
				 : strcmp(pattern, type) == 0;
}

/* The worst is told. */
void
probe_mount(const struct place *p, struct exam *x)
{
	struct proc_mount m;
	size_t i;

	if (proc_mount(p->dir, &m) < 0) {
		exam_note(x, "", "how it is mounted is not to be seen");
		return;
	}
	snprintf(x->word, sizeof x->word, "%s", m.type);
	for (i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
		if (!is_type(mounts[i].type, m.type) ||
		    (mounts[i].option != NULL &&
			!has(m.options, mounts[i].option)))
			continue;
		if (mounts[i].status == EXAM_FINDING)
			exam_find(x, mounts[i].remedy, "%s", mounts[i].what);
		else if (mounts[i].status == EXAM_NOTE)
			exam_note(x, mounts[i].remedy, "%s", mounts[i].what);
		else
			exam_ok(x, "%s", mounts[i].what);
	}
	exam_ok(x, "the options of the mount do no harm");
}

/* --- quotas --------------------------------------------------------------- */

/* Of the user's and the group's the less; -1 if neither is to be seen. */
static int
quotas(const struct place *p, struct proc_quota *least)
{
	struct proc_mount m;
	struct proc_quota q;
	struct stat st;
	gid_t gid = getegid();
	int i, rc, seen = -1;

	least->bytes = least->files = -1;
	if (proc_mount(p->dir, &m) < 0)
		return -1;
	/* There new files are of the directory's group. */
	if (fstat(p->dir, &st) == 0 && (st.st_mode & S_ISGID))
		gid = st.st_gid;
	for (i = 0; i < 2; i++) {
		rc = proc_quota(p->dir, &m, i == 1,
		    i == 1 ? (uint32_t)gid : (uint32_t)geteuid(), &q);
		/* No such thing in memory. */
		if (rc < 0 && errno == ENOSYS && strcmp(m.type, "tmpfs") == 0)
			rc = 0;
		if (rc > seen)
			seen = rc;
		if (rc <= 0)
			continue;
		if (q.bytes >= 0 &&
		    (least->bytes < 0 || q.bytes < least->bytes))
			least->bytes = q.bytes;
		if (q.files >= 0 &&
		    (least->files < 0 || q.files < least->files))
			least->files = q.files;
	}

	return seen;
}

void
probe_quota(const struct place *p, struct exam *x)
{
	struct proc_quota q;
	struct str left = STR_EMPTY;

	switch (quotas(p, &q)) {
	case 1:
		if (q.files >= 0)
			str_addf(&left, "%.0f files", q.files);
		if (q.bytes >= 0)
			str_addf(&left, "%s%.0f MiB", left.n > 0 ? ", " : "",
			    q.bytes / (1 << 20));
		exam_ok(x, "left of the user's and the group's: %s",
		    str_text(&left));
		break;
	case 0:
		exam_ok(x, "the user and the group have none");
		break;
	default:
		exam_note(x, "ask quota(1), lfs(1), or who runs it",
		    "those of this file system cannot be seen from here");
	}
	str_free(&left);
}

/* --- what is left --------------------------------------------------------- */

void
probe_inodes(const struct place *p, struct exam *x)
{
	uint32_t segments = p->remaining / NAME_SEGMENT;
	double need = loose(p) * LOOSE_INODES + OTHER_INODES +
	    (double)segments * SEALED_INODES;
	double left = -1;
	struct proc_quota q;
	struct statvfs f;

	if (fstatvfs(p->dir, &f) < 0) {
		exam_find(x, PROBE_MOVE, "cannot be asked: %s",
		    strerror(errno));
		return;
	}
	if (f.f_files > 0) /* some make them as they are needed */
		left = (double)f.f_favail;
	if (quotas(p, &q) > 0 && q.files >= 0 && (left < 0 || q.files < left))
		left = q.files;
	if (left < 0) {
		exam_ok(x, "as many as there is space for");
		return;
	}
	exam_value(x, left, "");
	if (left < need)
		exam_find(x, "delete files, or ask for a larger quota of files",
		    "files can be made; the remaining trials need about %.0f",
		    need);
	else
		exam_ok(x, "files can be made; about %.0f are needed", need);
}

void
probe_space(const struct place *p, struct exam *x)
{
	double need = loose(p) * LOOSE_BYTES + OTHER_BYTES +
	    (double)p->remaining * SEALED_BYTES;
	double left;
	struct proc_quota q;
	struct statvfs f;

	if (fstatvfs(p->dir, &f) < 0) {
		exam_find(x, PROBE_MOVE, "cannot be asked: %s",
		    strerror(errno));
		return;
	}
	left = (double)f.f_bavail * (double)f.f_frsize;
	if (quotas(p, &q) > 0 && q.bytes >= 0 && q.bytes < left)
		left = q.bytes;
	exam_value(x, left / (1 << 20), "MiB");
	if (left < need)
		exam_find(x, "make room, or move the campaign",
		    "left; the remaining trials need about %.0f",
		    need / (1 << 20));
	else
		exam_ok(x, "left; about %.0f are needed, and what trials keep",
		    need / (1 << 20));
}
