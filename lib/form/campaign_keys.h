#ifndef FORM_CAMPAIGN_KEYS_H
#define FORM_CAMPAIGN_KEYS_H

struct campaign;
struct err;

/*
 * The keys of campaign.ini whose names are fixed, in one table: section,
 * name, bounds, and how the value gets into the struct.  For form/campaign
 * alone.
 */

/* More than there are keys. */
enum { CAMPAIGN_KEYS = 60 };

/* campaign_keys_find(section, name): Its number, or -1. */
int campaign_keys_find(const char *section, const char *name);

/*
 * campaign_keys_suggest(section, name):
 * The key of ${section} that ${name} may have meant, or NULL.
 * campaign_keys_home(name): the section that has a key of this name, or NULL.
 */
const char *campaign_keys_suggest(const char *section, const char *name);
const char *campaign_keys_home(const char *name);

/* campaign_keys_default(c, name): Every default, in a zeroed ${c}. */
void campaign_keys_default(struct campaign *c, const char *name);

/*
 * campaign_keys_set(k, c, value, e):
 * Take the value, which may be changed, of the key with number ${k}; -1 with
 * a message without a place.
 */
int campaign_keys_set(int k, struct campaign *c, char *value, struct err *e);

/*
 * campaign_keys_metric(name, e):
 * May a metric be called so: a name (form/metrics) of at most 79 bytes?  -1
 * with a message without a place.
 */
int campaign_keys_metric(const char *name, struct err *e);

#endif
