/*
 * What a guest needs to serve and mount its own NFS, beside a kernel that can
 * (nfs.bash runs in it, as root): no daemons of others.
 *
 *	nfs module FILE...           load kernel modules, in this order
 *	nfs up                       make the loopback interface work
 *	nfs portmap                  answer the kernel's server when it wants to
 *	                             be known (RFC 1833); does not end
 *	nfs export DIR               let 127.0.0.1 mount DIR, as the root of all
 *	nfs mount VERSION PORT DIR   mount that on DIR: 3 or 4.2; hard, with
 *	                             caches that no other mount shares
 *	nfs run [FILE]               a trial's command: its metric y is its x;
 *	                             once there is such a file
 *	nfs off                      end the machine
 */

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE /* syscall */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/nfs_mount.h>

enum { TEXT = 512, CALLERS = 8 };

/* Who is allowed is called so, until the end of 31 bit time. */
#define CLIENT "guest"
#define FOR_EVER "2147483647"

static void
die(const char *what)
{
	fprintf(stderr, "nfs: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Write a line to a file of the kernel's; return the descriptor. */
static int
tell(const char *file, const char *line)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);

	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		die(file);

	return fd;
}

static void
load_modules(char **files)
{
	int fd;

	for (; *files != NULL; files++) {
		fd = open(*files, O_RDONLY | O_CLOEXEC);
		if (fd < 0 ||
		    (syscall(SYS_finit_module, fd, "", 0) != 0 &&
			errno != EEXIST))
			die(*files);
		close(fd);
	}
}

static void
loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING };

	memcpy(r.ifr_name, "lo", sizeof "lo");
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) != 0)
		die("lo");
	close(fd);
}

/* Answer one call: yes.  Returns -1 when the caller is gone. */
static int
say_yes(int fd)
{
	uint32_t call[256],
	    reply[8] = { htonl(0x80000000U | 28U), 0, htonl(1) };
	ssize_t n = recv(fd, call, sizeof call, 0);
	size_t size = sizeof reply;

	/* mark, xid, call, version of RPC, program, its version, procedure */
	if (n < (ssize_t)(7 * sizeof *call))
		return -1;
	reply[1] = call[1];
	if (call[6] == 0) { /* a null call: and no value */
		reply[0] = htonl(0x80000000U | 24U);
		size -= 4;
	}
	reply[7] = htonl(1);

	return send(fd, reply, size, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -1;
}

/* The kernel looks for a port mapper here; its calls are short, one each. */
static void
serve_portmap(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX,
		.sun_path = "/run/rpcbind.sock" };
	struct pollfd p[CALLERS] = { { .events = POLLIN } };
	nfds_t i, n = 1;

	p[0].fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p[0].fd < 0 ||
	    bind(p[0].fd, (const struct sockaddr *)&a, sizeof a) != 0 ||
	    listen(p[0].fd, CALLERS) != 0)
		die(a.sun_path);
	while (poll(p, n, -1) > 0 || errno == EINTR) {
		for (i = n - 1; i > 0; i--)
			if (p[i].revents != 0 && say_yes(p[i].fd) != 0) {
				close(p[i].fd);
				p[i] = p[--n];
			}
		if (p[0].revents != 0 && n < CALLERS) {
			p[n].fd = accept(p[0].fd, NULL, NULL);
			p[n].events = POLLIN;
			p[n].revents = 0;
			n += p[n].fd >= 0;
		}
	}
	die("poll");
}

/* The caches that rpc.mountd fills (nfsd_export.c, svcauth_unix.c). */
static void
export_dir(const char *dir)
{
	/* insecure ports, no subtree check, a number for its handle */
	enum { FLAGS = 2 | 0x400 | 0x2000 };
	char line[TEXT];

	close(tell("/proc/net/rpc/auth.unix.ip/channel",
	    "nfsd 127.0.0.1 " FOR_EVER " " CLIENT "\n"));
	snprintf(line, sizeof line,
	    CLIENT " %s " FOR_EVER " %d 65534 65534 0\n", dir, FLAGS);
	close(tell("/proc/net/rpc/nfsd.export/channel", line));
	snprintf(line, sizeof line, CLIENT " 1 \\x00000000 " FOR_EVER " %s\n",
	    dir);
	close(tell("/proc/net/rpc/nfsd.fh/channel", line));
}

/* The handle of the exported directory, which mountd would tell. */
static void
find_handle(struct nfs3_fh *fh)
{
	char line[TEXT], *p = line;
	int fd = tell("/proc/fs/nfsd/filehandle", CLIENT " /run/exp 64\n");
	ssize_t n = read(fd, line, sizeof line - 1);
	char byte[3] = "", *end;

	close(fd);
	line[n > 0 ? n : 0] = '\0';
	if (strncmp(p, "\\x", 2) == 0)
		p += 2;
	for (fh->size = 0; fh->size < NFS3_FHSIZE; p += 2) {
		memcpy(byte, p, 2);
		fh->data[fh->size] = (unsigned char)strtoul(byte, &end, 16);
		if (end != byte + 2)
			break;
		fh->size++;
	}
	if (fh->size == 0)
		die(line);
}

/* By the old structure: only that takes a handle, and asks no mountd. */
static void
mount_v3(uint16_t port, const char *dir)
{
	struct nfs_mount_data d = { .version = NFS_MOUNT_VERSION,
		.fd = -1,
		.flags = NFS_MOUNT_VER3 | NFS_MOUNT_TCP | NFS_MOUNT_NONLM |
		    NFS_MOUNT_UNSHARED,
		.timeo = 5, /* tenths of a second */
		.retrans = 100,
		.acregmin = 3,
		.acregmax = 60,
		.acdirmin = 30,
		.acdirmax = 60,
		.hostname = "localhost" };

	d.addr.sin_family = AF_INET;
	d.addr.sin_port = htons(port);
	d.addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	find_handle(&d.root);
	if (mount("localhost:/run/exp", dir, "nfs", 0, &d) != 0)
		die(dir);
}

static void
mount_v4(const char *version, uint16_t port, const char *dir)
{
	char options[TEXT];

	snprintf(options, sizeof options,
	    "vers=%s,port=%u,addr=127.0.0.1,clientaddr=127.0.0.1,proto=tcp,"
	    "nosharecache,hard",
	    version, port);
	if (mount("localhost:/", dir, "nfs4", 0, options) != 0)
		die(dir);
}

static void
run_trial(const char *file)
{
	const char *x = getenv("HPO_PARAM_x");

	printf("hpo: seen=1\n");
	fflush(stdout);
	while (file != NULL && access(file, F_OK) != 0)
		poll(NULL, 0, 20);
	printf("hpo: y=%s\n", x != NULL ? x : "nan");
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint16_t port;

	signal(SIGPIPE, SIG_IGN);
	if (strcmp(what, "module") == 0)
		load_modules(argv + 2);
	else if (strcmp(what, "up") == 0)
		loopback_up();
	else if (strcmp(what, "portmap") == 0)
		serve_portmap();
	else if (strcmp(what, "export") == 0 && argc == 3)
		export_dir(argv[2]);
	else if (strcmp(what, "mount") == 0 && argc == 5) {
		port = (uint16_t)strtoul(argv[3], NULL, 10);
		if (strcmp(argv[2], "3") == 0)
			mount_v3(port, argv[4]);
		else
			mount_v4(argv[2], port, argv[4]);
	} else if (strcmp(what, "run") == 0)
		run_trial(argv[2]);
	else if (strcmp(what, "off") == 0)
		reboot(RB_POWER_OFF);
	else
		return 64;

	return 0;
}
