#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct err;

/* Processes and the host, with what is Linux's own in this one place. */

enum { PROC_HOST = 65, PROC_BOOT = 40 };

/* Who a process is, so that its end can be told from its pid's next use. */
struct proc_id {
	char host[PROC_HOST]; /* [0-9A-Za-z._-] only */
	char boot[PROC_BOOT]; /* boot id, "" unknown */
	uint64_t pidns;       /* inode of the pid namespace, 0 unknown */
	pid_t pid;
	uint64_t start; /* clock ticks from boot to its start, 0 unknown */
};

/*
 * proc_identify(pid, id):
 * Fill ${id} for a process of this host; 0, or -1 where there is none.
 */
int proc_identify(pid_t pid, struct proc_id *id);

/* proc_is_local(id): Same host name, boot and pid namespace as ours? */
bool proc_is_local(const struct proc_id *id);

/*
 * proc_is_dead(id):
 * Has the process certainly ended: it is local, and its pid with that start
 * time does not exist or is a zombie?
 */
bool proc_is_dead(const struct proc_id *id);

/*
 * proc_begin():
 * First in main: SIGPIPE as at birth (some parents ignore it), and no file
 * of ours may take the number of a standard stream that is closed: reading
 * the input or writing the output then fails, messages go nowhere.
 */
void proc_begin(void);

/* proc_random64(): 64 bits nobody else has. */
uint64_t proc_random64(void);

/* proc_cores(): Usable processors: affinity and the cgroup's quota, >= 1. */
unsigned proc_cores(void);

/*
 * proc_oom_kills():
 * How often the kernel has killed a process of our cgroup for memory; 0
 * where that is not to be had.
 */
uint64_t proc_oom_kills(void);

/*
 * proc_is_listed_file(d):
 * Does the listing itself, without another call, show that an entry of
 * readdir(3) is no directory?
 */
struct dirent;
bool proc_is_listed_file(const struct dirent *d);

/* proc_self_dir(b, e): Append the directory of the running program's file. */
int proc_self_dir(struct str *b, struct err *e);

/*
 * proc_which(name, path, b):
 * Append the file that execvp(3) would run for ${name}: itself if it has a
 * slash, else from ${path} ("a:b:c").  0, or -1 with errno ENOENT (no such
 * file) or EACCES (there, but not executable).
 */
int proc_which(const char *name, const char *path, struct str *b);

/*
 * proc_die_with_parent(parent):
 * In a child, before it execs: be killed when ${parent} ends; end at once
 * if it has ended already.
 */
void proc_die_with_parent(pid_t parent);

/*
 * proc_kill_marked(mark, sig):
 * Send ${sig} to every process that started with ${mark} ("NAME=VALUE") in
 * its environment, this one excepted, until none is left to be seen;
 * returns how many there were.
 */
unsigned proc_kill_marked(const char *mark, int sig);

/*
 * proc_pipe(ends):
 * A pipe for the output of a child: closed in what is executed, and its read
 * end does not block.  -1 with errno.
 */
int proc_pipe(int ends[2]);

/* A command to be started. */
struct proc_spawn {
	const char *program; /* its file */
	char *const *argv, *const *env;
	const char *cwd;
	int out; /* becomes its standard output and, unless ${err} is set, */
	int err; /* its standard error; 0: not set */
};

/*
 * proc_spawn(s, failed):
 * Start it, in a process group of its own, with no input, to be killed when
 * we end: its pid, or -1 with errno.  *${failed} is the errno of what kept
 * it from starting (it has then been waited for), else 0.
 */
pid_t proc_spawn(const struct proc_spawn *s, int *failed);

/* What an ended child used. */
struct proc_usage {
	double user, system; /* seconds */
	uint64_t peak;       /* largest resident size, bytes */
};

/*
 * proc_wait(pid, block, status, usage):
 * Wait for a child (wait4(2)): 1 and what became of it; 0 if it lives and
 * ${block} is not set; -1 with errno.
 */
int proc_wait(pid_t pid, bool block, int *status, struct proc_usage *usage);

/* proc_sync_fs(fd): syncfs(2); -1 with errno. */
int proc_sync_fs(int fd);

/* How a file system is mounted. */
struct proc_mount {
	char type[40];      /* "ext4", "nfs4", "fuse.sshfs" */
	char source[256];   /* the device, or what stands for it */
	char options[1024]; /* of the mount, then of the file system */
};

/* proc_mount(fd, m): The mount a descriptor came through; -1: unknown. */
int proc_mount(int fd, struct proc_mount *m);

/* What a quota leaves; < 0: no limit. */
struct proc_quota {
	double bytes, files;
};

/*
 * proc_quota(fd, m, group, id, q):
 * The quota of a user or group on the file system of ${fd}, which is that
 * of ${m}: 1 there are limits, 0 there are none, -1 with errno: it is not to
 * be seen from here.
 */
int proc_quota(int fd, const struct proc_mount *m, bool group, uint32_t id,
    struct proc_quota *q);

/*
 * proc_keep_only(keep, n):
 * Close every descriptor above 2 but these: what a process that stays behind
 * inherited would hold its caller's pipes and locks.
 */
void proc_keep_only(const int *keep, size_t n);

#endif
