/* mlp: train a multilayer perceptron to read digits; something to be tuned
 *
 * Trains on the rows of digits.csv that split.txt does not name, and prints
 * after each epoch, as metrics of the trial:
 *
 *	hpo: step=3 val_error=0.0361111 train_loss=0.160702
 *
 * val_error is the share of the rows named there that the network as it then
 * is gets wrong, train_loss the epoch's mean cross-entropy, dropout included.
 * The last line, the last epoch's "hpo: val_error=0.0194444", is what counts:
 * the error of the network one has when training ends, not the lowest of any
 * epoch.  Taking the best epoch would be choosing once more by the validation
 * rows; it flatters every trial, noisy ones most.
 *
 * One seed, one result: sums are taken in one order, nothing asks the time,
 * and nothing but the last digits of libm differs between machines.  */

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* sysexits.h(3), and 1 for a training that came to nothing */
enum { X_DIVERGED = 1, X_USAGE = 64, X_DATA, X_MEMORY = 71, X_OUTPUT = 74 };
enum { PIXELS = 64, WHITE = 16, CLASSES = 10 };
enum { MAX_HIDDEN = 8, MAX_WIDTH = 4096 };

#define DIE(code, ...) (fprintf(stderr, "mlp: " __VA_ARGS__), exit(code))

/* from EPOCHS on whole numbers, then files */
enum { LR, DROPOUT, MOMENTUM, EPOCHS, BATCH, SEED, HIDDEN_SIZES, OPTIMIZER };
enum { DATA = OPTIMIZER + 1, SPLIT, NOPTIONS };

static const struct option {
	const char *name, *standard, *help;
	double min, max;
} options[NOPTIONS] = {
	{ "lr", "0.001", "learning rate", 1e-9, 10 },
	{ "dropout", "0", "share of hidden units left out", 0, 0.95 },
	{ "momentum", "0.9", "of sgd; adam has its own", 0, 0.9999 },
	{ "epochs", "40", "passes over the training rows", 1, 1e6 },
	{ "batch", "32", "rows in a mini-batch", 1, 1e4 },
	{ "seed", "1", "or $HPO_SEED, where that is set", 0, 0x1p53 },
	{ "hidden_sizes", "[64,64]", "[] is a linear classifier", 0, 0 },
	{ "optimizer", "adam", "or sgd", 0, 0 },
	{ "data", "digits.csv", "64 pixels, 0 to 16, and a label", 0, 0 },
	{ "split", "split.txt", "validation rows, from 0", 0, 0 },
};

struct settings {
	double lr, dropout, momentum;
	size_t hidden[MAX_HIDDEN], nhidden, epochs, batch;
	int sgd;
	uint64_t seed;
};

struct data {
	float (*x)[PIXELS]; /* 0 to 1 */
	size_t *label, rows;
	size_t *train, ntrain, *val, nval; /* numbers of rows */
	char *held;                        /* whether a row is for validation */
};

struct layer {
	size_t in, out;
	float *w, *b;  /* in * out weights, out biases */
	float *y, *dy; /* batch * out: outputs, gradients by them */
};

struct net {
	struct layer layer[MAX_HIDDEN + 1], *last;
	size_t np;
	float *p, *g, *m, *v; /* np each: parameters, gradients, two moments */
	float *wt;            /* one layer's weights transposed */
	double steps;
	float *x; /* a mini-batch */
	size_t *label;
	uint64_t order, drop; /* states of random generators */
};

/* Zeroed room for n things, or the end. */
static void *
room(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		DIE(X_MEMORY, "out of memory\n");

	return p;
}

/* SplitMix64: G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number
 * generators, OOPSLA 2014. */
static uint64_t
rng_next(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;

	return z ^ (z >> 31);
}

/* Uniform in [0, 1). */
static double
rng_unit(uint64_t *x)
{
	return (double)(rng_next(x) >> 11) * 0x1p-53;
}

static int
is_option(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, "--", 2) == 0 &&
	    strncmp(word + 2, name, len) == 0 && word[2 + len] == '=';
}

/* One value for each option: the last one given counts. */
static void
read_options(const char *value[NOPTIONS], char *argv[])
{
	for (size_t i = 0; i < NOPTIONS; i++)
		value[i] = options[i].standard;
	if (getenv("HPO_SEED") != NULL)
		value[SEED] = getenv("HPO_SEED");
	for (; *argv != NULL; argv++) {
		size_t i = 0;

		while (i < NOPTIONS && !is_option(*argv, options[i].name))
			i++;
		if (i == NOPTIONS)
			DIE(X_USAGE, "unknown option '%s': see mlp --help\n",
			    *argv);
		value[i] = strchr(*argv, '=') + 1;
	}
}

static double
number(const char *value[NOPTIONS], size_t i)
{
	const struct option *o = &options[i];
	char *end;
	double x = strtod(value[i], &end);

	/* written so that NaN is refused */
	if (end == value[i] || *end != '\0' || !(x >= o->min && x <= o->max) ||
	    (i >= EPOCHS && x > floor(x)))
		DIE(X_USAGE, "--%s: '%s' is not a %snumber from %g to %g\n",
		    o->name, value[i], i >= EPOCHS ? "whole " : "", o->min,
		    o->max);

	return x;
}

/* "[64,64]", "[]" */
static void
hidden_sizes(struct settings *o, const char *list)
{
	const char *s = list;
	char *end, before = '[';

	for (; *s == before && s[1] != ']'; s = end, before = ',') {
		long width = strtol(s + 1, &end, 10);

		if (width < 1 || width > MAX_WIDTH || o->nhidden == MAX_HIDDEN)
			break;
		o->hidden[o->nhidden++] = (size_t)width;
	}
	if (strcmp(s, "]") != 0 && strcmp(list, "[]") != 0)
		DIE(X_USAGE,
		    "--hidden_sizes: '%s' is not a list like [64,64]"
		    " of up to %d widths, 1 to %d\n",
		    list, MAX_HIDDEN, MAX_WIDTH);
}

static struct settings
settings(const char *value[NOPTIONS])
{
	struct settings o = { .lr = number(value, LR),
		.dropout = number(value, DROPOUT),
		.momentum = number(value, MOMENTUM),
		.epochs = (size_t)number(value, EPOCHS),
		.batch = (size_t)number(value, BATCH),
		.sgd = strcmp(value[OPTIMIZER], "sgd") == 0,
		.seed = (uint64_t)number(value, SEED) };

	hidden_sizes(&o, value[HIDDEN_SIZES]);
	if (!o.sgd && strcmp(value[OPTIMIZER], "adam") != 0)
		DIE(X_USAGE, "--optimizer: '%s' is not adam or sgd\n",
		    value[OPTIMIZER]);

	return o;
}

/* A table of whole numbers up to most, with commas between its columns, and
 * comment lines that begin with '#'; returns the number of rows. */
static size_t
read_table(const char *path, size_t cols, size_t most, size_t **table)
{
	FILE *fp = fopen(path, "r");
	char *line = NULL, *s, *end;
	size_t size = 0, rows = 0, *v;

	if (fp == NULL)
		DIE(X_DATA, "cannot open '%s': %s%s\n", path, strerror(errno),
		    errno == ENOENT ? "; did you run make?" : "");
	for (size_t n = 1; getline(&line, &size, fp) > 0; n++) {
		if (*line == '#')
			continue;
		*table = realloc(*table, ++rows * cols * sizeof *v);
		if (*table == NULL)
			DIE(X_MEMORY, "out of memory\n");
		v = *table + (rows - 1) * cols;
		s = line;
		for (size_t i = 1; i <= cols; i++, v++, s = end + 1) {
			*v = strtoul(s, &end, 10);
			if (*s < '0' || *s > '9' || *v > most ||
			    *end != (i < cols ? ',' : '\n'))
				DIE(X_DATA,
				    "%s:%zu: column %zu is wrong: want %zu a "
				    "row, each from 0 to %zu\n",
				    path, n, i, cols, most);
		}
	}
	if (ferror(fp) || rows == 0)
		DIE(X_DATA, "cannot read '%s': %s\n", path,
		    ferror(fp) ? strerror(errno) : "it has no rows");
	free(line);
	fclose(fp);

	return rows;
}

static void
read_data(struct data *d, const char *images, const char *split)
{
	size_t *image = NULL;

	d->rows = read_table(images, PIXELS + 1, WHITE, &image);
	d->nval = read_table(split, 1, d->rows - 1, &d->val);
	d->x = room(d->rows, sizeof *d->x);
	d->label = room(d->rows, sizeof *d->label);
	d->train = room(d->rows, sizeof *d->train);
	d->held = room(d->rows, 1);
	for (size_t i = 0; i < d->nval; i++)
		if (d->held[d->val[i]]++)
			DIE(X_DATA, "'%s' names row %zu twice\n", split,
			    d->val[i]);
	for (size_t i = 0; i < d->rows; i++) {
		const size_t *v = image + i * (PIXELS + 1);

		for (size_t j = 0; j < PIXELS; j++)
			d->x[i][j] = (float)v[j] / WHITE;
		d->label[i] = v[PIXELS];
		if (v[PIXELS] >= CLASSES)
			DIE(X_DATA, "'%s' has %zu for a label in row %zu\n",
			    images, v[PIXELS], i);
		if (!d->held[i])
			d->train[d->ntrain++] = i;
	}
	if (d->ntrain == 0)
		DIE(X_DATA, "'%s' leaves no row for training\n", split);
	free(image);
}

/* A matrix that may be walked either way, and so transposed for nothing. */
struct matrix {
	const float *v;
	size_t rows, cols, down, across;
};

/* c += a * b, where b and c have n columns.  The inner loop runs along rows
 * and takes four of b's at once: vector code without leave to reorder sums,
 * and one store for eight operations. */
static void
multiply(float *restrict c, struct matrix a, const float *restrict b, size_t n)
{
	for (size_t i = 0; i < a.rows; i++, c += n) {
		const float *s = a.v + i * a.down, *b0 = b;
		size_t k = 0, next = a.across;

		for (; k + 4 <= a.cols; k += 4, b0 += 4 * n, s += 4 * next) {
			const float *b1 = b0 + n, *b2 = b1 + n, *b3 = b2 + n;
			float s0 = s[0], s1 = s[next];
			float s2 = s[2 * next], s3 = s[3 * next];

			for (size_t j = 0; j < n; j++)
				c[j] += s0 * b0[j] + s1 * b1[j] + s2 * b2[j] +
				    s3 * b3[j];
		}
		for (; k < a.cols; k++, b0 += n, s += next)
			for (size_t j = 0; j < n; j++)
				c[j] += *s * b0[j];
	}
}

/* Weights are uniform with variance 2 / inputs (K. He et al., Delving deep
 * into rectifiers, ICCV 2015), biases 0.  Order and dropout have generators of
 * their own: a unit more must not change the order of the rows. */
static void
net_new(struct net *net, const struct settings *o)
{
	uint64_t seed = o->seed, rng = rng_next(&seed);
	struct layer *l = net->layer;
	size_t units = PIXELS;
	float *at;

	net->last = l + o->nhidden;
	for (; l <= net->last; l++) {
		l->in = l > net->layer ? l[-1].out : PIXELS;
		l->out = l < net->last ? o->hidden[l - net->layer] : CLASSES;
		net->np += (l->in + 1) * l->out;
		units += 2 * l->out;
	}
	at = net->p = room(5 * net->np + o->batch * units, sizeof *at);
	for (l = net->layer; l <= net->last; l++) {
		double range = sqrt(6 / (double)l->in);

		l->w = at;
		l->b = at += l->in * l->out;
		at += l->out;
		for (float *w = l->w; w < l->b; w++)
			*w = (float)(range * (2 * rng_unit(&rng) - 1));
	}
	net->g = at;
	net->m = at += net->np;
	net->v = at += net->np;
	net->wt = at += net->np;
	net->x = at += net->np;
	at += o->batch * PIXELS;
	for (l = net->layer; l <= net->last; l++) {
		l->y = at;
		l->dy = at += o->batch * l->out;
		at += o->batch * l->out;
	}
	net->label = room(o->batch, sizeof *net->label);
	net->order = rng_next(&seed);
	net->drop = rng_next(&seed);
}

/* ReLU; then inverted dropout: what stays is scaled up, so that evaluation
 * has nothing to scale.  A unit that is off is 0 either way, which is all that
 * going backwards has to know. */
static void
activate(float *y, size_t n, double dropout, uint64_t *rng)
{
	float scale = (float)(1 / (1 - dropout));

	for (size_t i = 0; i < n; i++)
		y[i] = y[i] > 0 ? y[i] : 0;
	for (size_t i = 0; dropout > 0 && i < n; i++)
		y[i] = rng_unit(rng) < dropout ? 0 : y[i] * scale;
}

/* The n images go into the mini-batch and through the network, whose layers'
 * outputs are then in y: logits in the last. */
static void
forward(struct net *net, const struct data *d, const size_t *row, size_t n,
    double dropout)
{
	const float *x = net->x;

	for (size_t i = 0; i < n; i++) {
		memcpy(net->x + i * PIXELS, d->x[row[i]], sizeof d->x[0]);
		net->label[i] = d->label[row[i]];
	}
	for (struct layer *l = net->layer; l <= net->last; x = l++->y) {
		struct matrix in = { x, n, l->in, l->in, 1 };

		for (size_t i = 0; i < n; i++)
			memcpy(l->y + i * l->out, l->b, l->out * sizeof *l->b);
		multiply(l->y, in, l->w, l->out);
		if (l < net->last)
			activate(l->y, n * l->out, dropout, &net->drop);
	}
}

/* The cross-entropy of the last layer's softmax, summed; the gradient of its
 * mean goes to dy.  Counts the rows whose largest logit is not their label's.
 */
static double
softmax(struct layer *l, const size_t *label, size_t n, size_t *wrong)
{
	double loss = 0;

	for (size_t k = 0; k < n; k++) {
		const float *y = l->y + k * CLASSES;
		float *dy = l->dy + k * CLASSES, sum = 0;
		size_t best = 0;

		for (size_t j = 1; j < CLASSES; j++)
			best = y[j] > y[best] ? j : best;
		for (size_t j = 0; j < CLASSES; j++)
			sum += dy[j] = expf(y[j] - y[best]);
		for (size_t j = 0; j < CLASSES; j++)
			dy[j] /= sum * (float)n;
		dy[label[k]] -= 1 / (float)n;
		loss += (double)(logf(sum) + y[best] - y[label[k]]);
		*wrong += best != label[k];
	}

	return loss;
}

/* From the last layer's dy to the gradients of all parameters. */
static void
backward(struct net *net, size_t n, double dropout)
{
	float scale = (float)(1 / (1 - dropout));

	memset(net->g, 0, net->np * sizeof *net->g);
	for (struct layer *l = net->last, *below;; l = below) {
		const float *x = l > net->layer ? l[-1].y : net->x;
		struct matrix xt = { x, l->in, n, 1, l->in };
		struct matrix dy = { l->dy, n, l->out, l->out, 1 };
		float *gb = net->g + (l->b - net->p);

		for (size_t k = 0; k < n * l->out; k++)
			gb[k % l->out] += l->dy[k];
		multiply(net->g + (l->w - net->p), xt, l->dy, l->out);
		if (l == net->layer)
			return;
		below = l - 1;
		for (size_t k = 0; k < l->in * l->out; k++)
			net->wt[k % l->out * l->in + k / l->out] = l->w[k];
		memset(below->dy, 0, n * l->in * sizeof *below->dy);
		multiply(below->dy, dy, net->wt, l->in);
		for (size_t k = 0; k < n * l->in; k++)
			below->dy[k] = x[k] > 0 ? below->dy[k] * scale : 0;
	}
}

/* Adam (D. Kingma, J. Ba, ICLR 2015): constants of its algorithm 1, order of
 * operations of the end of its section 2.  SGD: B. Polyak's heavy ball, 1964.
 */
static void
step(struct net *net, const struct settings *o)
{
	const float b1 = 0.9F, b2 = 0.999F, tiny = 1e-8F;
	double t = ++net->steps, unbias = sqrt(1 - pow(0.999, t));
	float rate = (float)(o->lr * unbias / (1 - pow(0.9, t)));
	float lr = (float)o->lr, keep = (float)o->momentum;
	float *restrict p = net->p, *restrict m = net->m, *restrict v = net->v;
	const float *restrict g = net->g;

	for (size_t i = 0; o->sgd && i < net->np; i++) {
		m[i] = keep * m[i] + g[i];
		p[i] -= lr * m[i];
	}
	for (size_t i = 0; !o->sgd && i < net->np; i++) {
		m[i] = b1 * m[i] + (1 - b1) * g[i];
		v[i] = b2 * v[i] + (1 - b2) * (g[i] * g[i]);
		p[i] -= rate * m[i] / (sqrtf(v[i]) + tiny);
	}
}

/* R. Fisher, F. Yates. */
static void
shuffle(size_t *v, size_t n, uint64_t *rng)
{
	for (; n > 1; n--) {
		size_t i = (size_t)(rng_unit(rng) * (double)n), t = v[i];

		v[i] = v[n - 1];
		v[n - 1] = t;
	}
}

/* One pass over the training rows in a new order; returns the mean loss. */
static double
train(struct net *net, const struct settings *o, struct data *d)
{
	size_t n, wrong = 0;
	double loss = 0;

	shuffle(d->train, d->ntrain, &net->order);
	for (size_t i = 0; i < d->ntrain; i += n) {
		n = d->ntrain - i < o->batch ? d->ntrain - i : o->batch;
		forward(net, d, d->train + i, n, o->dropout);
		loss += softmax(net->last, net->label, n, &wrong);
		backward(net, n, o->dropout);
		step(net, o);
	}

	return loss / (double)d->ntrain;
}

/* The share of validation rows that are wrong; not finite where logits are
 * not, for then no class is the largest. */
static double
validate(struct net *net, const struct settings *o, const struct data *d)
{
	size_t n, wrong = 0;
	double loss = 0;

	for (size_t i = 0; i < d->nval; i += n) {
		n = d->nval - i < o->batch ? d->nval - i : o->batch;
		forward(net, d, d->val + i, n, 0);
		loss += softmax(net->last, net->label, n, &wrong);
	}

	return isfinite(loss) ? (double)wrong / (double)d->nval : loss;
}

static void
run(struct net *net, const struct settings *o, struct data *d)
{
	double loss, error = 1;

	for (size_t i = 1; i <= o->epochs; i++) {
		loss = train(net, o, d);
		error = validate(net, o, d);
		if (!isfinite(loss) || !isfinite(error))
			DIE(X_DIVERGED,
			    "diverged in epoch %zu, loss %g: try a smaller "
			    "--lr\n",
			    i, loss);
		printf("hpo: step=%zu val_error=%.6g train_loss=%.6g\n", i,
		    error, loss);
		fflush(stdout); /* somebody may watch, and stop us early */
	}
	printf("hpo: val_error=%.6g\n", error);
}

static void
help(void)
{
	puts("usage: mlp [--name=value ...]");
	for (const struct option *o = options; o < options + NOPTIONS; o++)
		printf("  --%s=%-*s%s\n", o->name, 21 - (int)strlen(o->name),
		    o->standard, o->help);
}

int
main(int argc, char *argv[])
{
	const char *value[NOPTIONS];
	struct data d = { 0 };
	struct net net = { 0 };

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		help();
	} else {
		struct settings o;

		read_options(value, argv + 1);
		o = settings(value);
		read_data(&d, value[DATA], value[SPLIT]);
		net_new(&net, &o);
		run(&net, &o, &d);
	}
	free(net.p);
	free(net.label);
	free(d.x);
	free(d.label);
	free(d.train);
	free(d.val);
	free(d.held);
	if (fflush(stdout) == EOF || ferror(stdout))
		DIE(X_OUTPUT, "cannot write: %s\n", strerror(errno));

	return 0;
}
