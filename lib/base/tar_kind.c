#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/tar.h"

/* Apart from tar.c, so that who only asks needs no libarchive. */

enum { HEAD = 512 }; /* a tar header */

int
tar_filter_find(const char *path)
{
	static const struct {
		const char *text;
		enum tar_filter filter;
	} suffixes[] = {
		{ ".tar", TAR_PLAIN },
		{ ".tar.gz", TAR_GZIP },
		{ ".tar.xz", TAR_XZ },
		{ ".tar.zst", TAR_ZSTD },
	};
	const char *slash = strrchr(path, '/');
	size_t i, n, k;

	path = slash != NULL ? slash + 1 : path;
	n = strlen(path);
	for (i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		k = strlen(suffixes[i].text);
		if (n > k && str_eq(path + n - k, suffixes[i].text))
			return (int)suffixes[i].filter;
	}

	return -1;
}

bool
tar_is(int fd)
{
	static const struct {
		size_t at, n;
		const char *bytes;
	} signatures[] = {
		{ 0, 2, "\037\213" },         /* gzip, RFC 1952 */
		{ 0, 6, "\375\067zXZ\0" },    /* xz */
		{ 0, 4, "\050\265\057\375" }, /* zstd, RFC 8878 */
		{ 0, 3, "BZh" },              /* bzip2 */
		{ 257, 5, "ustar" },          /* tar, POSIX and GNU */
	};
	char head[HEAD];
	ssize_t n;
	size_t i;

	do
		n = pread(fd, head, sizeof head, 0);
	while (n < 0 && errno == EINTR);
	for (i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
		if (n >= (ssize_t)(signatures[i].at + signatures[i].n) &&
		    memcmp(head + signatures[i].at, signatures[i].bytes,
			signatures[i].n) == 0)
			return true;

	return false;
}
