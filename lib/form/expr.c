#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "form/expr.h"
#include "form/luascan.h"

enum {
	INSTRUCTIONS = 1000000,
	MEMORY_MAX = 16 << 20,
	/* Copying long strings is fast for an instruction count and slow for
	 * a clock; so what one evaluation takes in all is bounded, too. */
	MEMORY_TURNOVER = 256 << 20,
	GARBAGE_MAX = 1 << 20, /* what may stay between evaluations */
	TEXT_MAX = 64 << 10
};

struct expr {
	lua_State *L; /* its stack: the compiled chunk, the variables */
	char *text;
	struct luascan_names names;
	size_t used;  /* bytes that the state holds */
	size_t taken; /* bytes given out in this evaluation */
};

enum { CHUNK = 1, VARIABLES };

/* Never NULL for lack of memory (mem_grow() ends the program), only for
 * the limits; Lua then collects its garbage and tries once more. */
static void *
allocate(void *ud, void *p, size_t old, size_t size)
{
	struct expr *x = ud;

	if (p == NULL)
		old = 0; /* a tag, says the manual */
	if (size == 0) {
		free(p);
		x->used -= old;
		return NULL;
	}
	if (size > old) {
		if (x->used + (size - old) > MEMORY_MAX ||
		    x->taken + size > MEMORY_TURNOVER)
			return NULL;
		x->taken += size;
	}
	x->used += size;
	x->used -= old;

	return mem_grow(p, size, 1);
}

static void
stop(lua_State *L, lua_Debug *at)
{
	(void)at;
	luaL_error(L, "more than %d instructions", INSTRUCTIONS);
}

/* Metamethods of the environment, of the variables and of `math`. */
static int
no_such_name(lua_State *L)
{
	return luaL_error(L, "the name '%s' is not known here",
	    luaL_tolstring(L, 2, NULL));
}

static int
no_assignment(lua_State *L)
{
	return luaL_error(L, "an expression may not assign to '%s'",
	    luaL_tolstring(L, 2, NULL));
}

/* Push an empty table that shows what the table on top holds and cannot be
 * written to; it takes that table's place. */
static void
push_view(lua_State *L)
{
	lua_createtable(L, 0, 0);
	lua_createtable(L, 0, 2);
	lua_rotate(L, -3, -1);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, no_assignment);
	lua_setfield(L, -2, "__newindex");
	lua_setmetatable(L, -2);
}

/*
 * Give the chunk its environment: a view of the table VARIABLES, which holds
 * the variables of an evaluation and a view of `math`.  Of the standard
 * libraries only math is opened: strings have no methods, and there is no
 * pcall() that could catch the errors of the limits.
 */
static void
make_environment(lua_State *L)
{
	lua_createtable(L, 0, 4);
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, no_such_name);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, VARIABLES);
	luaL_requiref(L, "math", luaopen_math, 0);
	lua_pushnil(L);
	lua_setfield(L, -2, "random");
	lua_pushnil(L);
	lua_setfield(L, -2, "randomseed");
	push_view(L);
	lua_setfield(L, VARIABLES, "math");
	lua_pushvalue(L, VARIABLES);
	push_view(L);
	lua_setupvalue(L, CHUNK, 1);
}

/* Push "return ${before}${x->text}${after}", compiled; a status of Lua's. */
static int
load_text(lua_State *L, const struct expr *x, const char *before,
    const char *after)
{
	struct str b = STR_EMPTY;
	int status;

	str_addf(&b, "return %s%s%s", before, x->text, after);
	status = luaL_loadbufferx(L, b.s, b.n, "=expr", "t");
	str_free(&b);

	return status;
}

/*
 * The text is one expression if both "return TEXT" and "return (TEXT)" are
 * chunks: by the first it is a list of expressions with an optional
 * semicolon, by the second neither empty nor more than one.  The messages of
 * the first are about the text alone.
 */
static int
compile(lua_State *L)
{
	const struct expr *x = lua_touserdata(L, 1);

	lua_settop(L, 0);
	if (load_text(L, x, "", "\n") != LUA_OK)
		return lua_error(L);
	if (load_text(L, x, "(", "\n)") != LUA_OK)
		return luaL_error(L, "not one expression");
	lua_settop(L, CHUNK);
	make_environment(L);

	return 2;
}

/* What went wrong, without "expr:1: ". */
static const char *
complaint(lua_State *L)
{
	const char *msg = lua_tostring(L, -1);
	size_t n;

	if (msg == NULL)
		return "unknown error";
	if (str_starts(msg, "expr:")) {
		n = 5 + strspn(msg + 5, "0123456789");
		if (str_starts(msg + n, ": "))
			msg += n + 2;
	}

	return msg;
}

/* The state's error as ours; ${hint} is for texts that do not compile. */
static int
fail(const struct expr *x, int status, int code, const char *hint,
    struct err *e)
{
	if (status == LUA_ERRMEM)
		return err_set(e, code, "more than %d MiB of memory",
		    MEMORY_MAX >> 20);
	if (hint != NULL)
		return err_set(e, code, "%s; %s", complaint(x->L), hint);

	return err_set(e, code, "%s", complaint(x->L));
}

struct expr *
expr_new(const char *text, struct err *e)
{
	struct expr *x;
	int status;

	if (text[strspn(text, " \t\r\n")] == '\0') {
		err_set(e, EX_DATAERR, "the expression is empty");
		return NULL;
	}
	if (strlen(text) > TEXT_MAX) {
		err_set(e, EX_DATAERR, "the expression is longer than %d KiB",
		    TEXT_MAX >> 10);
		return NULL;
	}
	x = mem_zero(1, sizeof *x);
	x->text = mem_dup(text);
	x->L = lua_newstate(allocate, x);
	lua_pushcfunction(x->L, compile);
	lua_pushlightuserdata(x->L, x);
	status = lua_pcall(x->L, 1, 2, 0);
	if (status != LUA_OK) {
		fail(x, status, EX_DATAERR, luascan_hint(text), e);
		expr_free(x);
		return NULL;
	}
	luascan_find(text, &x->names);

	return x;
}

const char *
expr_text(const struct expr *x)
{
	return x->text;
}

const char *const *
expr_names(const struct expr *x, size_t *n)
{
	*n = x->names.n;

	return (const char *const *)x->names.v;
}

struct evaluation {
	const struct expr *x;
	const struct expr_var *var;
	size_t n;
};

/*
 * Push the variable ${name}, nil if it is not given.  Every number is a
 * float, so that what a parameter can do does not depend on whether its
 * value of this trial happens to be whole, and nothing wraps around.
 */
static void
push_variable(lua_State *L, const struct evaluation *run, const char *name)
{
	const struct expr_var *var = NULL;
	double x;
	size_t i;

	for (i = 0; i < run->n && var == NULL; i++)
		if (str_eq(run->var[i].name, name))
			var = &run->var[i];
	if (var == NULL)
		lua_pushnil(L);
	else if (var->number && num_double(var->text, &x) == 0)
		lua_pushnumber(L, x);
	else
		lua_pushstring(L, var->text);
}

static int
evaluate(lua_State *L)
{
	const struct evaluation *run = lua_touserdata(L, 3);
	size_t i;

	for (i = 0; i < run->x->names.n; i++) {
		push_variable(L, run, run->x->names.v[i]);
		lua_setfield(L, VARIABLES, run->x->names.v[i]);
	}
	lua_pushvalue(L, CHUNK);
	lua_sethook(L, stop, LUA_MASKCOUNT, INSTRUCTIONS);
	lua_call(L, 0, 1);

	return 1;
}

int
expr_eval(struct expr *x, const struct expr_var *var, size_t n, bool *truth,
    struct err *e)
{
	struct evaluation run = { x, var, n };
	int status;

	x->taken = 0;
	lua_pushcfunction(x->L, evaluate);
	lua_pushvalue(x->L, CHUNK);
	lua_pushvalue(x->L, VARIABLES);
	lua_pushlightuserdata(x->L, &run);
	status = lua_pcall(x->L, 3, 1, 0);
	lua_sethook(x->L, NULL, 0, 0);
	*truth = status == LUA_OK && lua_toboolean(x->L, -1);
	if (status != LUA_OK)
		fail(x, status, EX_CONFIG, NULL, e);
	lua_settop(x->L, VARIABLES);
	if (x->used > GARBAGE_MAX)
		lua_gc(x->L, LUA_GCCOLLECT);

	return status == LUA_OK ? 0 : -1;
}

void
expr_free(struct expr *x)
{
	if (x == NULL)
		return;
	lua_close(x->L);
	luascan_free(&x->names);
	free(x->text);
	free(x);
}
