#ifndef MODEL_TABLE_H
#define MODEL_TABLE_H

#include "run.h"

/* What is explored, and what is left out to see that it is missed. */

struct rule_name {
	const char *name;
	enum rule rule;
	int breaks;         /* the invariant that suffers */
	const char *config; /* where it is seen */
	const char *what;
};

/* Both end with one that has no name. */
const struct config *table_configs(void);
const struct rule_name *table_rules(void);

/* By name, or NULL. */
const struct config *table_find(const char *name);
const struct rule_name *table_rule(const char *name);

#endif
