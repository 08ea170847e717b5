#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "queue/share.h"

static bool
is_called(const char *name, uid_t uid)
{
	struct passwd *pw = getpwnam(name);
	uint64_t number;

	if (pw != NULL)
		return pw->pw_uid == uid;

	return num_u64(name, UINT32_MAX, &number) == 0 && number == uid;
}

bool
share_trusts(uid_t uid)
{
	const char *p = getenv("HPO_TRUST");
	char name[64];
	size_t n;

	if (uid == geteuid() || uid == getuid() || uid == 0)
		return true;
	for (; p != NULL && *p != '\0'; p += n + (p[n] != '\0')) {
		n = strcspn(p, " ,:");
		if (n == 0 || n >= sizeof name)
			continue;
		memcpy(name, p, n);
		name[n] = '\0';
		if (is_called(name, uid))
			return true;
	}

	return false;
}

int
share_closed(const struct queue *q, struct err *e)
{
	struct stat st;

	if (e->sys != EACCES || fstatat(q->root, "hpo", &st, 0) < 0 ||
	    st.st_uid == geteuid())
		return err_prefix(e, "campaign '%s'", q->path);

	return err_set(e, EX_NOPERM,
	    "'%s/hpo' belongs to user %lu, who has not shared it: that takes "
	    "'umask 002', and 'chmod -R g+rwX' of what is there",
	    q->path, (unsigned long)st.st_uid);
}

/* A directory as we make them; -1 where there can be none. */
static int
try_directory(const struct queue *q, struct stat *st)
{
	struct str tmp = STR_EMPTY;
	int bad;

	str_addf(&tmp, "tmp/%s.share", q->self);
	bad = mkdirat(q->fd, tmp.s, 0777);
	if (!bad) {
		bad = fstatat(q->fd, tmp.s, st, AT_SYMLINK_NOFOLLOW);
		unlinkat(q->fd, tmp.s, AT_REMOVEDIR);
	}
	str_free(&tmp);

	return bad;
}

int
share_check(const struct queue *q, struct err *e)
{
	struct stat hpo, ours;

	memset(&ours, 0, sizeof ours);
	/* Why nothing can be made is told where something has to be. */
	if (q->fd < 0 || fstat(q->fd, &hpo) < 0 || hpo.st_uid == geteuid() ||
	    (hpo.st_mode & S_IWGRP) == 0 || try_directory(q, &ours) < 0)
		return 0;
	if ((ours.st_mode & S_IRWXG) != S_IRWXG)
		return err_set(e, EX_NOPERM,
		    "your umask would close to others what you write in '%s', "
		    "which user %lu shares with group %lu: set 'umask 002'",
		    q->path, (unsigned long)hpo.st_uid,
		    (unsigned long)hpo.st_gid);
	if (ours.st_gid != hpo.st_gid)
		return err_set(e, EX_NOPERM,
		    "what you write in '%s' would not be of group %lu, which "
		    "user %lu shares it with: that takes 'chmod g+s' of all "
		    "its directories",
		    q->path, (unsigned long)hpo.st_gid,
		    (unsigned long)hpo.st_uid);

	return 0;
}

int
share_home(const struct queue *q, uint32_t id, struct err *e)
{
	struct str home = STR_EMPTY;
	struct stat st;
	int bad = 0;

	name_home(id, &home);
	if (faccessat(q->fd, home.s, W_OK | X_OK, 0) < 0 && errno == EACCES &&
	    fstatat(q->fd, home.s, &st, AT_SYMLINK_NOFOLLOW) == 0)
		bad = err_set(e, EX_NOPERM,
		    "'%s/hpo/%s' belongs to user %lu, whose umask closed it to "
		    "others: that takes 'umask 002', and 'chmod -R g+rwX' of "
		    "what is there",
		    q->path, home.s, (unsigned long)st.st_uid);
	str_free(&home);

	return bad;
}
