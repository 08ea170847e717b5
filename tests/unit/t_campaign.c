/* form/campaign: campaign.ini, right or with every mistake named. */

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/campaign.h"
#include "tap.h"

static const char least[] = "[campaign]\nminimize = loss\ntrials = 9\n"
			    "[space]\nx = uniform(0, 1)\n";

static int
parse(const char *text, struct campaign *c, struct err *e)
{
	return campaign_parse(text, strlen(text), "c.ini", "the dir", c, e);
}

static void
test_defaults(void)
{
	struct campaign c;
	struct err e = ERR_NONE;

	is_num(parse(least, &c, &e), 0, "the least campaign is read: %s",
	    e.msg);
	is_str(c.file, "c.ini", "file");
	is_str(c.name, "the_dir", "name from the directory's");
	is_num((double)c.nobjective, 1, "one objective");
	is_str(c.objective[0].metric, "loss", "metric");
	ok(!c.objective[0].maximize, "minimised");
	is_num(c.trials, 9, "trials");
	is_num((double)c.seed, 1, "seed");
	is_num((double)c.space.n, 1, "parameters");
	is_num(c.space.param[0].line, 5, "line of a parameter");
	is_str(c.method, "auto", "method");
	is_num(c.method_line, 0, "no line of it");
	is_str(c.command, NULL, "command");
	ok(!c.in_trial_dir, "directory");
	is_num(c.timeout, 0, "timeout");
	is_num(c.grace, 20, "grace");
	is_num(c.retries, 0, "retries");
	is_num(c.interrupts, 20, "interrupts");
	is_num(c.losses, 3, "losses");
	is_num(c.backoff, 10, "backoff");
	is_num((double)c.log_limit, 67108864, "log_limit");
	is_num(c.heartbeat, 60, "heartbeat");
	is_num(c.lease, 600, "lease");
	is_num(c.checkpoint_signal, 0, "checkpoint_signal");
	is_num((double)c.npattern, 0, "patterns");
	is_str(c.step_regex, NULL, "pattern of the step");
	is_num(c.workers, 0, "workers");
	is_num(c.cores, 1, "cores");
	is_num((double)c.ngpu, 0, "gpus");
	is_str(c.sshlogin, NULL, "sshlogin");
	is_str(c.parallel, NULL, "parallel");
	is_num(c.slurm.workers, 8, "[slurm] workers");
	is_num(c.slurm.job_workers, 1, "job_workers");
	is_num(c.slurm.mode, FLEET_AUTO, "mode");
	is_num(c.slurm.walltime, 0, "no walltime");
	is_num((double)c.slurm.noption, 0, "no options");
	ok(!c.slurm.keep_env, "environment");
	is_num(c.backend.workers, 8, "[backend] workers");
	campaign_free(&c);
	ok(c.name == NULL && c.space.n == 0, "free empties");
}

static const char full[] =
    "\357\273\277; everything\r\n"
    "[campaign]\r\nname = a.B-9_\r\nminimize = loss, t/err@5.x-y\r\n"
    "maximize = acc\r\ntrials = 10000000\r\nseed = 9223372036854775807\r\n"
    "[space]\r\nlr = loguniform(1e-4, 1e-2)  # rate\r\n"
    "sizes = choice([64,64], [128,128])\r\nm = uniform(0, 1)\r\n"
    "[when]\r\nm = sizes == \"[64,64]\"\r\n  and lr > 0.001 ; so\r\n"
    "[constraint]\r\nsmall = lr * 100 +\r\n    m <= 1.2\r\n"
    "[search]\r\nmethod = random\r\n"
    "[run]\r\ncommand = python train.py ; go\r\n    {args}\r\n"
    "    --out \"{dir} ; x\"\r\ndirectory = trial\r\ntimeout = 2h\r\n"
    "grace = none\r\nretries = 2\r\ninterrupts = none\r\nlosses = 0\r\n"
    "backoff = 1m\r\nlog_limit = 1G\r\nheartbeat = 5s\r\nlease = 15\r\n"
    "checkpoint_signal = SIGUSR1\r\n"
    "[metrics]\r\nloss = loss[=: ;] ; comment\r\n"
    "acc = ^acc\\. +([0-9.]+)\r\nstep = epoch\r\n"
    "[local]\r\nworkers = 3\r\ncores = 4\r\ngpus = 0, 3,GPU-8d/1:0\r\n"
    "sshlogin = 2/n01,n02\r\nparallel = --memfree 1G\r\n"
    "[slurm]\r\nworkers = 12\r\njob_workers = 4\r\nmode = array\r\n"
    "time = 1-2:30\r\npartition = gpu,big\r\nrequeue = yes\r\nhold = no\r\n"
    "exclusive = user\r\nnice = yes\r\nsetup = a ; b # c\r\n  X=1\r\n"
    "bindir = /opt/hpo\r\nconf = /etc/slurm.conf\r\nenvironment = all\r\n"
    "[backend]\r\nworkers = 3\r\nmode = pilot\r\ntime = 2h\r\n"
    "options = -q all.q -l \"h_rt=1:0 x\"\r\n";

/* Where what a site says is from. */
static void
check_place(const struct fleet *f, const char *words, const char *want)
{
	struct str b = STR_EMPTY;

	fleet_place(f, "c", words, &b);
	is_str(b.s, want, "'%s'", words);
	str_free(&b);
}

static void
check_fleets(const struct campaign *c)
{
	static const char *const words[] = { "--time=1-2:30",
		"--partition=gpu,big", "--requeue", "--exclusive=user",
		"--nice" };
	const struct fleet *f = &c->slurm;
	size_t i;

	is_num(f->workers, 12, "[slurm] workers");
	is_num(f->job_workers, 4, "job_workers");
	is_num(f->mode, FLEET_ARRAY, "mode");
	is_num(f->walltime, 95400, "the walltime, in seconds");
	is_num((double)f->noption, 5, "options of sbatch; a flag's no is none");
	for (i = 0; i < f->noption && i < 5; i++)
		is_str(f->option[i].word, words[i], "option %zu", i);
	is_str(f->option[0].key, "time", "its key");
	is_num(f->option[1].line, 50, "the line of one");
	is_str(f->setup, "a ; b # c\nX=1", "setup is sh, to the end");
	is_str(f->bindir, "/opt/hpo", "bindir");
	is_str(f->conf, "/etc/slurm.conf", "conf");
	ok(f->keep_env, "environment");
	check_place(f, "Invalid partition name", "c:50");
	check_place(f, "there is no gpu,big here", "c:50");
	check_place(f, "a time limit, or a partition", "c:49");
	check_place(f, "nothing of these", "c");
	f = &c->backend;
	is_num(f->workers, 3, "[backend] workers");
	is_num(f->mode, FLEET_PILOT, "mode");
	is_num(f->walltime, 7200, "time");
	is_num((double)f->noption, 4, "words of options");
	is_str(f->option[3].word, "h_rt=1:0 x", "quotes are read");
	ok(!f->keep_env, "environment");
}

static void
test_full(void)
{
	struct campaign c;
	struct err e = ERR_NONE;

	is_num(parse(full, &c, &e), 0, "everything is read: %s", e.msg);
	if (e.code != 0)
		return;
	is_str(c.name, "a.B-9_", "name");
	is_num((double)c.nobjective, 3, "three objectives");
	is_str(c.objective[1].metric, "t/err@5.x-y", "the second");
	ok(!c.objective[1].maximize && c.objective[2].maximize, "their sense");
	is_num(c.trials, 10000000, "trials");
	ok(c.seed == INT64_MAX, "seed");
	is_num((double)c.space.n, 3, "parameters");
	ok(c.space.param[2].when != NULL, "a condition");
	is_num((double)c.space.nconstraint, 1, "a constraint");
	is_num(c.space.constraint[0].line, 16, "its line");
	is_str(c.method, "random", "method");
	is_num(c.method_line, 19, "its line");
	is_str(c.command, "python train.py\n{args}\n--out \"{dir} ; x\"",
	    "command");
	is_num(c.command_line, 21, "its line");
	ok(c.in_trial_dir, "directory");
	is_num(c.timeout, 7200, "timeout");
	is_num(c.grace, 0, "grace");
	is_num(c.retries, 2, "retries");
	is_num(c.interrupts, 0, "interrupts");
	is_num(c.losses, 0, "losses");
	is_num(c.backoff, 60, "backoff");
	is_num((double)c.log_limit, 1073741824, "log_limit");
	is_num(c.heartbeat, 5, "heartbeat");
	is_num(c.lease, 15, "lease");
	is_num(c.checkpoint_signal, SIGUSR1, "checkpoint_signal");
	is_num((double)c.npattern, 2, "patterns");
	is_str(c.pattern[0].regex, "loss[=: ;]", "brackets protect");
	is_str(c.pattern[1].metric, "acc", "of the second");
	is_str(c.pattern[1].regex, "^acc\\. +([0-9.]+)", "backslashes stay");
	is_num(c.pattern[1].line, 37, "its line");
	is_str(c.step_regex, "epoch", "pattern of the step");
	is_num(c.workers, 3, "workers");
	is_num(c.cores, 4, "cores");
	is_num((double)c.ngpu, 3, "gpus");
	is_str(c.gpu[0], "0", "by name");
	is_str(c.gpu[2], "GPU-8d/1:0", "to the last");
	is_str(c.sshlogin, "2/n01,n02", "sshlogin");
	is_str(c.parallel, "--memfree 1G", "parallel");
	check_fleets(&c);
	campaign_free(&c);
}

/* ${least} with ${line} under ${section}: what is said of it. */
static char *
with(const char *section, const char *line, struct campaign *c)
{
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;

	if (str_eq(section, "campaign"))
		str_addf(&b,
		    "[campaign]\n%s\nminimize = loss\ntrials = 9\n"
		    "[space]\nx = uniform(0, 1)\n",
		    line);
	else
		str_addf(&b, "%s[%s]\n%s\n", least, section, line);
	if (parse(b.s, c, &e) == 0)
		err_set(&e, 0, "fine");
	else if (e.code != EX_DATAERR || c->name != NULL || c->space.n != 0)
		err_set(&e, 0, "the code or what is left is wrong");
	str_free(&b);

	return mem_dup(e.msg);
}

struct row {
	const char *section, *line, *want;
};

static const struct row rows[] = {
	{ "campaign", "name = 1", "fine" },
	{ "campaign", "name = a/b",
	    "c.ini:2: name 'a/b' must be 1 to 64 of A-Z a-z 0-9 . _ -" },
	{ "campaign", "maximize = loss",
	    "c.ini:3: minimize 'loss' is given twice" },
	{ "campaign", "maximize = a,,b",
	    "c.ini:2: maximize needs metric names with commas between" },
	{ "campaign", "maximize = step",
	    "c.ini:2: 'step' cannot be a metric: it is the step of a curve" },
	{ "campaign", "maximize = 1x",
	    "c.ini:2: '1x' cannot be a metric: write a letter or _, then up "
	    "to 78 of A-Z a-z 0-9 _ . @ / -" },
	{ "campaign", "seed = 0", "fine" },
	{ "campaign", "seed = 9223372036854775808",
	    "c.ini:2: seed '9223372036854775808' is no whole number from 0 to "
	    "9223372036854775807" },
	{ "campaign", "trials = 10000001",
	    "c.ini:2: trials '10000001' is no whole number from 1 to 10000000\n"
	    "c.ini:4: 'trials' again, the first is in line 2" },
	{ "campaign", "seed =", "c.ini:2: 'seed' has no value" },
	{ "campaign", "seeds = 1",
	    "c.ini:2: unknown key 'seeds' in [campaign], did you mean 'seed'?" },
	{ "campaign", "colour = 1",
	    "c.ini:2: unknown key 'colour' in [campaign]" },
	{ "campaign", "timeout = 1m",
	    "c.ini:2: 'timeout' belongs in [run], not in [campaign]" },
	{ "seach", "method = random",
	    "c.ini:6: unknown section 'seach', did you mean 'search'?" },
	{ "qwertz", "foo = bar\n[run]\ngrace = 0",
	    "c.ini:6: unknown section 'qwertz'" },
	{ "space", "y = uniform(0, 1)",
	    "c.ini:6: section [space] again, the first is in line 4" },
	{ "run", "timeout = none", "fine" },
	{ "run", "timeout = 0",
	    "c.ini:7: timeout '0' must be more than 0, or none" },
	{ "run", "timeout = 1 m",
	    "c.ini:7: timeout '1 m' is no duration, write e.g. 90s, 30m, 2h or "
	    "1d, or none" },
	{ "run", "timeout = 3651d",
	    "c.ini:7: timeout '3651d' is longer than 3650 days" },
	{ "run", "heartbeat = none",
	    "c.ini:7: heartbeat 'none' is no duration, write e.g. 90s, 30m, 2h "
	    "or 1d" },
	{ "run", "heartbeat = 0",
	    "c.ini:7: heartbeat '0' must be more than 0" },
	{ "run", "heartbeat = 200", "fine" },
	{ "run", "heartbeat = 201",
	    "c.ini:7: the lease (600 s) must be at least 3 heartbeats (of 201 "
	    "s)" },
	{ "run", "lease = 179",
	    "c.ini:7: the lease (179 s) must be at least 3 heartbeats (of 60 "
	    "s)" },
	{ "run", "retries = many",
	    "c.ini:7: retries 'many' is no whole number from 0 to 1000000, nor "
	    "none" },
	{ "run", "log_limit = 64MB",
	    "c.ini:7: log_limit '64MB' is no size, write e.g. 512K, 64M or "
	    "2G" },
	{ "run", "log_limit = 4095",
	    "c.ini:7: log_limit '4095' is not from 4K to 1024G" },
	{ "run", "log_limit = 4K", "fine" },
	{ "run", "directory = /tmp",
	    "c.ini:7: directory '/tmp' is neither campaign nor trial" },
	{ "run", "checkpoint_signal = none", "fine" },
	{ "run", "checkpoint_signal = 10", "fine" },
	{ "run", "checkpoint_signal = usr1",
	    "c.ini:7: checkpoint_signal 'usr1' is no signal, write e.g. USR1, "
	    "TERM or none" },
	{ "run", "checkpoint_signal = 65",
	    "c.ini:7: checkpoint_signal '65' is no signal, write e.g. USR1, "
	    "TERM or none" },
	{ "run", "checkpoint_signal = SIGKILL",
	    "c.ini:7: checkpoint_signal 'SIGKILL' cannot be caught by the "
	    "command" },
	{ "run", "checkpoint_signal = 19",
	    "c.ini:7: checkpoint_signal '19' cannot be caught by the "
	    "command" },
	{ "run", "command = a {x} {y}",
	    "c.ini:7: unknown name '{y}', for these characters write "
	    "'{{y}}'" },
	{ "run", "command = a 'b",
	    "c.ini:7: the quote (') in ''b' does not close" },
	{ "local", "workers = auto", "fine" },
	{ "local", "workers = 0",
	    "c.ini:7: workers '0' is no whole number from 1 to 1000000, nor "
	    "auto" },
	{ "local", "cores = auto",
	    "c.ini:7: cores 'auto' is no whole number from 1 to 1000000" },
	{ "local", "gpus = 0",
	    "c.ini:7: gpus '0' is ambiguous: write none, or '0,' for device "
	    "0" },
	{ "local", "gpus = 1,0,1", "c.ini:7: gpus has '1' twice" },
	{ "local", "gpus = a;b",
	    "c.ini:7: gpus has 'a;b', which is no device: write none, a count, "
	    "or a list such as 0,1,3" },
	{ "local", "gpus = 1,,2",
	    "c.ini:7: gpus has '', which is no device: write none, a count, "
	    "or a list such as 0,1,3" },
	{ "local", "sshlogin = none", "fine" },
	{ "metrics", "loss = (",
	    "c.ini:7: the pattern of 'loss' is no extended regular expression: "
	    "Unmatched ( or \\(" },
	{ "metrics", "a b = x",
	    "c.ini:7: 'a b' cannot be a metric: write a letter or _, then up "
	    "to 78 of A-Z a-z 0-9 _ . @ / -" },
	{ "metrics", "loss = a\nloss = b",
	    "c.ini:8: 'loss' again, the first is in line 7" },
	{ "metrics", "step = a\nstep = b",
	    "c.ini:8: 'step' again, the first is in line 7" },
	{ "metrics", "loss = ; nothing", "c.ini:7: 'loss' has no value" },
	{ "when", "x =", "c.ini:7: 'x' has no value" },
	{ "constraint", "a = x < 1\na = x < 2",
	    "c.ini:8: 'a' again, the first is in line 7" },
	{ "search", "method = anything", "fine" },
	{ "slurm", "workers = 0",
	    "c.ini:7: workers '0' is no whole number from 1 to 1000000" },
	{ "slurm", "mode = pilots",
	    "c.ini:7: mode 'pilots' is none of auto, pilot, array" },
	{ "slurm", "environment = some",
	    "c.ini:7: environment 'some' is none of none, all" },
	{ "slurm", "bindir = bin",
	    "c.ini:7: bindir 'bin' is no absolute path, which jobs need" },
	{ "slurm", "partion = gpu",
	    "c.ini:7: 'partion' is neither a key of [slurm] nor a long option "
	    "of sbatch, did you mean 'partition'?" },
	{ "slurm", "worker = 3",
	    "c.ini:7: 'worker' is neither a key of [slurm] nor a long option "
	    "of sbatch, did you mean 'workers'?" },
	{ "slurm", "cpus_per_task = 3",
	    "c.ini:7: 'cpus_per_task' is neither a key of [slurm] nor a long "
	    "option of sbatch, did you mean 'cpus-per-task'?" },
	{ "slurm", "array = 1-9",
	    "c.ini:7: 'array' is not for the campaign to say: hpo-dispatch "
	    "makes the array: say in 'workers' how many" },
	{ "slurm", "export = ALL",
	    "c.ini:7: 'export' is not for the campaign to say: say "
	    "'environment = none' or 'all'" },
	{ "slurm", "requeue = 1",
	    "c.ini:7: 'requeue' takes no value in sbatch: write 'yes' or "
	    "'no', not '1'" },
	{ "slurm", "time = 2h",
	    "c.ini:7: time '2h' is none of sbatch's: write minutes, "
	    "hours:minutes:seconds or days-hours:minutes" },
	{ "slurm", "qos = a\nqos = b",
	    "c.ini:8: 'qos' again, the first is in line 7" },
	{ "slurm", "mem =", "c.ini:7: 'mem' has no value" },
	{ "slurm", "setup = a\n  X=1 b\n\n  # c\n  d=e", "fine" },
	{ "slurm", "setup = a\n  mem = 4G",
	    "c.ini:8: 'mem = 4G' is indented: an entry must start in column 1 "
	    "(put quotes around it to go on with 'setup')" },
	{ "backend", "partition = gpu",
	    "c.ini:7: unknown key 'partition' in [backend]" },
	{ "backend", "options = 'a",
	    "c.ini:7: the quote (') in ''a' does not close" },
	{ "backend", "time = 0",
	    "c.ini:7: time '0' must be more than 0, or none" },
};

static void
test_rows(void)
{
	struct campaign c;
	size_t i;
	char *got;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		got = with(rows[i].section, rows[i].line, &c);
		is_str(got, rows[i].want, "row %zu of [%s]", i,
		    rows[i].section);
		campaign_free(&c);
		free(got);
	}
}

static void
test_gpus(void)
{
	struct campaign c;
	char *got = with("local", "gpus = 2", &c);

	is_str(got, "fine", "gpus may be a count");
	is_num((double)c.ngpu, 2, "two devices");
	is_str(c.gpu[1], "1", "named from 0");
	campaign_free(&c);
	free(got);
	got = with("local", "gpus = 3,", &c);
	is_str(got, "fine", "or a list of one");
	is_num((double)c.ngpu, 1, "one device");
	is_str(c.gpu[0], "3", "of that name");
	campaign_free(&c);
	free(got);
	got = with("local", "gpus = none", &c);
	is_num((double)c.ngpu, 0, "or none");
	campaign_free(&c);
	free(got);
}

/* A mistake does not hide another, nor make one of what is right. */
static void
test_all_at_once(void)
{
	static const char text[] =
	    "[campaign]\nname = a b\nminimise = x\n[space]\n"
	    "lr = logunifrom(1, 2)\ny =\nlr = const(1)\n[run]\n"
	    "command = a {lr} {y} {z}\nlease = 1\n  odd = 1\n"
	    "[constraint]\nc = lr < y and zz > 1\n"
	    "[when]\ny = lr > 1\n";
	struct campaign c;
	struct err e = ERR_NONE;

	is_num(parse(text, &c, &e), -1, "a file full of mistakes");
	is_str(e.msg,
	    "c.ini:2: name 'a b' must be 1 to 64 of A-Z a-z 0-9 . _ -\n"
	    "c.ini:3: unknown key 'minimise' in [campaign], did you mean "
	    "'minimize'?\n"
	    "c.ini:5: unknown domain 'logunifrom', did you mean "
	    "'loguniform'?\n"
	    "c.ini:6: 'y' has no value\n"
	    "c.ini:7: 'lr' again, the first is in line 5\n"
	    "c.ini:11: 'odd = 1' is indented: an entry must start in column 1\n"
	    "c.ini: [campaign] has neither 'minimize' nor 'maximize'\n"
	    "c.ini: [campaign] has no 'trials'\n"
	    "c.ini:10: the lease (1 s) must be at least 3 heartbeats (of 60 "
	    "s)\n"
	    "c.ini:13: the expression names the unknown parameter 'zz'\n"
	    "c.ini:9: unknown name '{z}', for these characters write "
	    "'{{z}}'",
	    "names them all");
	is_num(e.code, EX_DATAERR, "is wrong data");
	is_num(parse("", &c, &e), -1, "an empty file");
	is_str(e.msg,
	    "c.ini: [campaign] has neither 'minimize' nor 'maximize'\n"
	    "c.ini: [campaign] has no 'trials'\n"
	    "c.ini: [space] has no parameter",
	    "lacks what is required");
}

static void
test_names(void)
{
	static const struct {
		const char *dir, *want;
	} table[] = {
		{ "mlp", "mlp" },
		{ "", "campaign" },
		{ "my runs/\303\266", "my_runs___" },
		{ "0123456789012345678901234567890123456789012345678901234567"
		  "89012345",
		    "012345678901234567890123456789012345678901234567890123456"
		    "7890123" },
	};
	struct campaign c;
	struct err e = ERR_NONE;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		is_num(campaign_parse(least, sizeof least - 1, "c",
			   table[i].dir, &c, &e),
		    0, "directory %zu", i);
		is_str(c.name, table[i].want, "names the campaign");
		campaign_free(&c);
	}
}

/* Nothing that stands in a file may break the reader. */
static void
test_hostile(void)
{
	struct campaign c;
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	size_t n, wrong = 0;
	char *copy;

	for (n = 0; n < sizeof full; n++) {
		copy = mem_alloc(n);
		memcpy(copy, full, n);
		if (campaign_parse(copy, n, "c", "d", &c, &e) == 0)
			campaign_free(&c);
		else
			wrong += e.code != EX_DATAERR || c.file != NULL;
		copy[n / 2] = (char)(copy[n / 2] ^ (1 << n % 8));
		if (n > 0 && campaign_parse(copy, n, "c", "d", &c, &e) == 0)
			campaign_free(&c);
		free(copy);
	}
	ok(wrong == 0, "a campaign may be cut and changed anywhere");
	str_add(&b, least);
	for (n = 0; n < 10000; n++)
		str_addf(&b, "x%zu = const(1)\n", n);
	is_num(parse(b.s, &c, &e), -1, "too many entries are refused");
	is_str(e.msg, "c.ini:10003: more than 10000 entries",
	    "before they take long");
	str_free(&b);
}

int
main(void)
{
	test_defaults();
	test_full();
	test_rows();
	test_gpus();
	test_all_at_once();
	test_names();
	test_hostile();

	return done();
}
