#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/env.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sig.h"
#include "base/words.h"
#include "form/campaign.h"
#include "form/point.h"
#include "form/template.h"
#include "queue/pool.h"

enum { PARALLEL_MAX = 16 << 20, CHUNK = 4096, KILL_AFTER = 5 };

/* moreutils has another program of the same name. */
static bool
is_gnu(const char *path)
{
	struct err e = ERR_NONE;
	struct str text = STR_EMPTY;
	int fd = fs_open_file(AT_FDCWD, path, true, &e);
	bool yes;

	yes = fd >= 0 && fs_drain(fd, path, PARALLEL_MAX, &text, &e) == 0 &&
	    strstr(text.s, "GNU parallel") != NULL;
	if (fd >= 0)
		close(fd);
	str_free(&text);

	return yes;
}

int
pool_find(struct str *path, struct err *e)
{
	const char *env = getenv("PATH");

	if (proc_which("parallel", env != NULL ? env : "/usr/bin:/bin", path) <
	    0)
		return err_set(e, EX_UNAVAILABLE,
		    "GNU parallel is not on the PATH: install the package "
		    "'parallel'");
	if (!is_gnu(path->s))
		return err_set(e, EX_UNAVAILABLE,
		    "'%s' is not GNU parallel: install the package 'parallel'",
		    path->s);

	return 0;
}

/* The user's further options, split as the command is. */
static int
push_options(const struct campaign *c, struct words *w, struct err *e)
{
	struct space none;
	struct point empty = { 0, NULL };
	struct template_env env = { "", "", "", "", "", "", "" };
	char **words;
	size_t i;

	if (c->parallel == NULL)
		return 0;
	memset(&none, 0, sizeof none);
	words = template_expand(c->parallel, &none, &empty, &env, e);
	if (words == NULL)
		return err_prefix(e, "%s: [local] parallel", c->file);
	for (i = 0; words[i] != NULL; i++)
		words_push(w, words[i]);
	template_free(words);

	return 0;
}

/* GNU parallel would replace them. */
static int
refuse_braces(const char *path, struct err *e)
{
	if (strchr(path, '{') == NULL)
		return 0;

	return err_set(e, EX_CONFIG,
	    "'%s': GNU parallel replaces braces; use a path without them",
	    path);
}

const char *
pool_mark(const struct pool *p)
{
	const char *slash = strrchr(str_text(&p->home), '/');

	return slash != NULL ? slash + 1 : "";
}

/* What it runs for a slot: the worker, and a line at its end. */
static void
push_command(const struct pool *p, const struct queue *q, const char *bindir,
    struct words *w)
{
	struct str b = STR_EMPTY;

	/* Our environment does not reach another host. */
	if (p->login != NULL)
		str_addf(&b, "env HPO_DISPATCHER=%s ", pool_mark(p));
	str_quote(&b, bindir);
	str_add(&b, "/hpo-trial --loop --slot {} -- ");
	str_quote(&b, q->absolute);
	str_add(&b, "; echo slot {} $?");
	words_push(w, b.s);
	str_free(&b);
}

static int
make_words(const struct pool *p, const struct campaign *c, unsigned jobs,
    struct words *w, struct err *e)
{
	struct str b = STR_EMPTY;

	words_push(w, "--plain");
	words_push(w, "-u");
	str_addf(&b, "-j%u", jobs);
	words_push(w, b.s);
	str_cut(&b, 0);
	str_addf(&b, "--term-seq=TERM,%u,KILL,25",
	    (unsigned)(c->grace + KILL_AFTER) * 1000);
	words_push(w, b.s);
	if (p->login != NULL) {
		words_push(w, "--sshlogin");
		words_push(w, p->login);
	}
	str_free(&b);

	return push_options(c, w, e);
}

/* GNU parallel's own files go where ours go, not to the user's home. */
static void
make_env(struct pool *p, struct queue *q, struct env *v)
{
	env_init(v);
	queue_tmp(q, &p->home);
	env_set(v, "PARALLEL_HOME", "%s/hpo/%s", q->absolute, p->home.s);
	env_set(v, "PARALLEL_SHELL", "/bin/sh");
	env_set(v, "HPO_DISPATCHER", "%s", pool_mark(p));
}

static void
become(char *const *words, char *const *env, int in, int out)
{
	setsid();
	sig_reset();
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execve(words[0], words, env);
	_exit(EX_UNAVAILABLE);
}

static int
launch(struct pool *p, char *const *words, char *const *env, struct err *e)
{
	int in[2], out[2], i;

	if (pipe(in) < 0)
		return err_sys(e, "cannot make a pipe");
	if (pipe(out) < 0) {
		close(in[0]);
		close(in[1]);
		return err_sys(e, "cannot make a pipe");
	}
	for (i = 0; i < 2; i++) {
		fcntl(in[i], F_SETFD, FD_CLOEXEC);
		fcntl(out[i], F_SETFD, FD_CLOEXEC);
	}
	p->pid = fork();
	if (p->pid == 0)
		become(words, env, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	p->feed = in[1];
	p->out = out[0];
	fcntl(p->out, F_SETFL, O_NONBLOCK);
	if (p->pid < 0) {
		p->pid = 0;
		err_sys(e, "cannot start GNU parallel");
		close(p->feed);
		close(p->out);
		p->feed = p->out = -1;
		return -1;
	}

	return 0;
}

int
pool_start(struct pool *p, struct queue *q, const struct campaign *c,
    const char *bindir, unsigned jobs, struct err *e)
{
	struct words w = { 0, 0, NULL };
	struct str parallel = STR_EMPTY;
	struct env env;
	int bad;

	p->spoke = false;
	make_env(p, q, &env);
	bad = refuse_braces(q->absolute, e) < 0 ||
	    refuse_braces(bindir, e) < 0 || pool_find(&parallel, e) < 0;
	if (!bad) {
		words_push(&w, parallel.s);
		bad = make_words(p, c, jobs, &w, e);
	}
	if (!bad) {
		push_command(p, q, bindir, &w);
		bad = launch(p, words_done(&w), env_done(&env), e);
	}
	words_free(&w);
	env_free(&env);
	str_free(&parallel);

	return bad ? -1 : 0;
}

int
pool_feed(struct pool *p, unsigned slot, struct err *e)
{
	char line[24];
	int n = snprintf(line, sizeof line, "%u\n", slot);

	if (p->feed < 0 || fs_write_all(p->feed, line, (size_t)n) < 0)
		return err_sys(e, "cannot write to GNU parallel");

	return 0;
}

void
pool_hang_up(struct pool *p)
{
	if (p->feed >= 0)
		close(p->feed);
	p->feed = -1;
}

int
pool_read(struct pool *p, void (*fn)(void *cookie, const char *line),
    void *cookie)
{
	char *start, *end;
	ssize_t n;
	bool ended;

	if (p->out < 0)
		return 1;
	while ((n = read(p->out, str_room(&p->line, CHUNK), CHUNK)) > 0)
		str_grew(&p->line, (size_t)n);
	/* Now, for what ${fn} does may fail. */
	ended = n == 0 || (errno != EAGAIN && errno != EINTR);
	start = p->line.s;
	while (start != NULL && (end = strchr(start, '\n')) != NULL) {
		*end = '\0';
		fn(cookie, start);
		start = end + 1;
	}
	if (start != NULL && start > p->line.s) {
		p->line.n = strlen(start);
		memmove(p->line.s, start, p->line.n + 1);
	}

	return ended;
}

int
pool_end(struct pool *p, struct queue *q,
    void (*fn)(void *cookie, const char *line), void *cookie)
{
	struct proc_usage usage;
	struct err ignored = ERR_NONE;
	int status = 0;

	if (p->pid == 0)
		return 0;
	pool_hang_up(p);
	fcntl(p->out, F_SETFL, 0); /* blocking: to the end */
	while (pool_read(p, fn, cookie) == 0)
		continue;
	proc_wait(p->pid, true, &status, &usage);
	p->pid = 0;
	close(p->out);
	p->out = -1;
	str_cut(&p->line, 0);
	fs_remove(q->fd, p->home.s, &ignored);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

void
pool_free(struct pool *p)
{
	str_free(&p->line);
	str_free(&p->home);
	free(p->login);
	p->login = NULL;
}
