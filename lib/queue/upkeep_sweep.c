#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "form/campaign.h"
#include "queue/upkeep_pass.h"

enum { NAMESAKE_SECONDS = 5 };

/* Does the worker that a name in tmp/ begins with live, as far as we know? */
static bool
is_worker(const char *name, const struct fs_names *workers)
{
	size_t i, n;

	for (i = 0; i < workers->n; i++) {
		n = strlen(workers->v[i]);
		if (strncmp(name, workers->v[i], n) == 0 && name[n] == '.')
			return true;
	}

	return false;
}

/* Of this host, as its name says: 1 with a process, 0 without, else -1. */
static int
writer_lives(const struct queue *q, const char *name)
{
	size_t n = strlen(q->me.host);
	char digits[16];
	uint64_t pid;
	size_t k;

	if (strncmp(name, q->me.host, n) != 0 || name[n] != '-')
		return -1;
	name += n + 1;
	k = strspn(name, "0123456789");
	if (k == 0 || k >= sizeof digits || name[k] != '.')
		return -1;
	memcpy(digits, name, k);
	digits[k] = '\0';

	if (num_u64(digits, INT32_MAX, &pid) < 0)
		return -1;

	return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

/* Bytes of a file, or of those in a directory: of a segment that is being
 * built on another host they grow, for longer than a lease perhaps. */
static unsigned long long
size_of(const struct queue *q, const char *path)
{
	struct fs_names names = { 0, 0, NULL };
	struct str below = STR_EMPTY;
	struct err ignored = ERR_NONE;
	unsigned long long n = 0;
	struct stat st;
	size_t i;

	if (fstatat(q->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		n = (unsigned long long)st.st_size;
	queue_list(q, path, &names, &ignored);
	for (i = 0; i < names.n; i++)
		if (fstatat(q->fd, fs_join(&below, path, names.v[i]), &st,
			AT_SYMLINK_NOFOLLOW) == 0)
			n += (unsigned long long)st.st_size;
	str_free(&below);
	fs_free(&names);

	return n;
}

/*
 * What nobody has finished in tmp/.  It is moved to a name of ours before it
 * is deleted, so that a writer who lives after all finds it gone as a whole
 * and writes it again.
 */
void
upkeep_sweep(struct upkeep_pass *p, const struct fs_names *workers)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct err e = ERR_NONE;
	const struct sighting *s;
	char bytes[24];
	int lives;
	size_t i;

	if (queue_list(p->q, "tmp", &names, &e) < 0)
		upkeep_pass_note(p, &e);
	for (i = 0; i < names.n; i++) {
		if (str_starts(names.v[i], p->q->self))
			continue;
		/* A living worker's room for its result stays, however old;
		 * that of a dead one goes when its directory has gone. */
		lives = writer_lives(p->q, names.v[i]);
		if (lives == 1 || is_worker(names.v[i], workers))
			continue;
		/* A process of another pid namespace, or of a host of the
		 * same name, looks dead from here: so even then it must have
		 * been there for a while. */
		fs_join(&path, "tmp", names.v[i]);
		snprintf(bytes, sizeof bytes, "%llu", size_of(p->q, path.s));
		s = observe_see_of(&p->seen, "tmp", names.v[i], bytes);
		if (lives == 0 ? s->count < OBSERVE_LOOKS ||
			    s->unchanged < NAMESAKE_SECONDS
			       : !observe_over(s, p->c->lease))
			continue;
		err_clear(&e);
		if (queue_discard(p->q, path.s, &e) < 0)
			/* Another user's, in a shared campaign, is theirs. */
			if (e.code != EX_NOPERM && e.sys != ENOENT &&
			    e.sys != ENOTEMPTY)
				upkeep_pass_note(p, &e);
	}
	fs_free(&names);
	str_free(&path);
}
