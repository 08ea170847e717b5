/*
 * A network that loses replies: between an NFS client and its server, both on
 * this host (RFC 5531 over TCP).
 *
 * usage: proxy LISTEN-PORT SERVER-PORT N COUNT-FILE
 *
 * Every N-th reply is not passed on; the connection is closed instead, so the
 * client connects again and repeats what it has not heard of, over another
 * connection to the server.  To that it comes from another port, hence a
 * server of NFS 3 does not know it again and does it anew.  COUNT-FILE gets a
 * byte for each.  Does not end.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECORD = 1 << 22, PAIRS = 32, CLIENT = 0, SERVER = 1 };

struct proxy {
	uint16_t server;
	unsigned long n, replies;
	int count; /* descriptor */
	nfds_t used;
	struct pollfd fds[1 + 2 * PAIRS]; /* who listens, then pairs */
	unsigned char *record;
};

static struct sockaddr_in
local(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

	return a;
}

static bool
pull(int fd, unsigned char *p, size_t n)
{
	ssize_t k;

	for (; n > 0; p += k, n -= (size_t)k)
		if ((k = read(fd, p, n)) <= 0)
			return false;

	return true;
}

static bool
push(int fd, const unsigned char *p, size_t n)
{
	ssize_t k;

	for (; n > 0; p += k, n -= (size_t)k)
		if ((k = write(fd, p, n)) <= 0)
			return false;

	return true;
}

static void
meet_client(struct proxy *p)
{
	int c = accept(p->fds[0].fd, NULL, NULL), one = 1;
	int s = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = local(p->server);

	if (c < 0 || s < 0 || p->used + 2 > 1 + 2 * PAIRS ||
	    connect(s, (const struct sockaddr *)&a, sizeof a) != 0) {
		close(c);
		close(s);
		return;
	}
	setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	p->fds[p->used++] = (struct pollfd){ .fd = c, .events = POLLIN };
	p->fds[p->used++] = (struct pollfd){ .fd = s, .events = POLLIN };
}

/* Is this record a reply, and the one that gets lost? */
static bool
is_lost(struct proxy *p, size_t size)
{
	uint32_t type;

	if (size < 12)
		return false;
	memcpy(&type, p->record + 8, sizeof type); /* mark, xid, type */
	if (type != htonl(1) || ++p->replies % p->n != 0)
		return false;
	if (write(p->count, "x", 1) != 1)
		exit(1);

	return true;
}

/* Pass one record on; false if this connection is over. */
static bool
pass(struct proxy *p, nfds_t pair, int side)
{
	int from = p->fds[pair + (nfds_t)side].fd;
	int to = p->fds[pair + (nfds_t)!side].fd;
	uint32_t mark;
	size_t size;

	if (!pull(from, p->record, 4))
		return false;
	memcpy(&mark, p->record, 4);
	size = 4 + (ntohl(mark) & 0x7fffffffU);
	if (size > RECORD || !pull(from, p->record + 4, size - 4))
		return false;

	return (side != SERVER || !is_lost(p, size)) &&
	    push(to, p->record, size);
}

static void
drop_pair(struct proxy *p, nfds_t pair)
{
	close(p->fds[pair].fd);
	close(p->fds[pair + 1].fd);
	p->used -= 2;
	p->fds[pair] = p->fds[p->used];
	p->fds[pair + 1] = p->fds[p->used + 1];
}

static void
serve(struct proxy *p)
{
	nfds_t pair;
	int side;

	while (poll(p->fds, p->used, -1) > 0) {
		for (pair = 1; pair < p->used; pair += 2)
			for (side = CLIENT; side <= SERVER; side++)
				if (p->fds[pair + (nfds_t)side].revents != 0 &&
				    !pass(p, pair, side)) {
					drop_pair(p, pair);
					pair -= 2; /* another is there now */
					break;
				}
		if (p->fds[0].revents != 0)
			meet_client(p);
	}
}

int
main(int argc, char **argv)
{
	static struct proxy p;
	struct sockaddr_in a;
	int one = 1;

	if (argc != 5)
		return 64;
	signal(SIGPIPE, SIG_IGN);
	a = local((uint16_t)strtoul(argv[1], NULL, 10));
	p.server = (uint16_t)strtoul(argv[2], NULL, 10);
	p.n = strtoul(argv[3], NULL, 10);
	p.count = open(argv[4], O_WRONLY | O_CREAT | O_APPEND, 0666);
	p.record = malloc(RECORD);
	p.fds[0].fd = socket(AF_INET, SOCK_STREAM, 0);
	p.fds[0].events = POLLIN;
	p.used = 1;
	setsockopt(p.fds[0].fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (p.n == 0 || p.count < 0 || p.record == NULL ||
	    bind(p.fds[0].fd, (const struct sockaddr *)&a, sizeof a) != 0 ||
	    listen(p.fds[0].fd, PAIRS) != 0) {
		perror("proxy");
		return 1;
	}
	serve(&p);

	return 1;
}
