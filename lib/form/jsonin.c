#include <jansson.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "form/jsonin.h"

/* The text of a value, in ${b}; -1 for an object. */
static int
value_text(const json_t *v, struct str *b)
{
	char *list;

	str_cut(b, 0);
	switch (json_typeof(v)) {
	case JSON_STRING:
		str_add(b, json_string_value(v));
		return 0;
	case JSON_INTEGER:
		str_addf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return 0;
	case JSON_REAL:
		str_grew(b,
		    num_exact(json_real_value(v), str_room(b, NUM_TEXT)));
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		str_add(b, json_is_true(v) ? "true" : "false");
		return 0;
	case JSON_ARRAY:
		list = json_dumps(v, JSON_COMPACT);
		str_add(b, list != NULL ? list : "");
		free(list);
		return 0;
	case JSON_NULL:
	case JSON_OBJECT:
		break;
	}

	return -1;
}

static int
take_members(json_t *object, jsonin_fn fn, void *cookie, struct err *e)
{
	struct str b = STR_EMPTY;
	const char *name;
	json_t *v;
	int rc = 0;

	json_object_foreach(object, name, v)
	{
		if (json_is_null(v))
			rc = fn(cookie, name, NULL, e);
		else if (value_text(v, &b) == 0)
			rc = fn(cookie, name, str_text(&b), e);
		else
			rc = err_set(e, EX_DATAERR,
			    "%.100s: a JSON object is no value", name);
		if (rc != 0)
			break;
	}
	str_free(&b);

	return rc;
}

int
jsonin_object(const char *line, jsonin_fn fn, void *cookie, struct err *e)
{
	json_error_t why;
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &why);
	int rc;

	if (object == NULL)
		return err_set(e, EX_DATAERR, "not one JSON object: %s",
		    why.text);
	if (json_is_object(object))
		rc = take_members(object, fn, cookie, e);
	else
		rc = err_set(e, EX_DATAERR, "not a JSON object");
	json_decref(object);

	return rc;
}

bool
jsonin_same(const char *a, const char *b)
{
	json_t *x, *y;
	bool same;

	if (*a != '[' || *b != '[')
		return false;
	x = json_loads(a, 0, NULL);
	y = json_loads(b, 0, NULL);
	same = json_equal(x, y) == 1;
	json_decref(x);
	json_decref(y);

	return same;
}
