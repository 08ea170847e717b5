/* nothing: the least that a trial's command can do. */
#include <unistd.h>

int
main(void)
{
	static const char line[] = "hpo: loss=0.5\n";

	return write(STDOUT_FILENO, line, sizeof line - 1) < 0;
}
