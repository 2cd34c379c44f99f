// SPDX-License-Identifier: MIT
//  The command line's one table (command_table.c) and the parser that reads words by it.
//  Dispatch, help, man pages, shell completion and did-you-mean all come from the same rows.
//
//  Grammar: ggen [GLOBAL OPTION]... WORD... [OPTION | ARGUMENT]... [-- ARGUMENT...]
//  WORDs walk through groups to a verb; a verb's options come after it, in any order with its
//  arguments. A verb's option hides a global one of the same name (`publish --version V`).
//      --x  --x=BOOL  --x BOOL  --no-x       BOOL: true false yes no 1 0 on off; as the next word
//                                            only when it is exactly one of these
//      --name VALUE  --name=VALUE  -n VALUE  -nVALUE  -n=VALUE  -abc
//  Given twice, the last one holds, unless the option collects values.
//
//  This is not getopt_long: that has no BOOL as an optional next word, no --no-x, no options that
//  depend on words not yet read, accepts abbreviations (which turn scripts into bugs when an option
//  is added) and prints its errors itself, so they could not become JSON or carry a hint.
#ifndef GGEN_COMMAND_H
#define GGEN_COMMAND_H

#include "base.h"

typedef enum {
    OPTION_FLAG,        //  a boolean
    OPTION_TEXT,
    OPTION_PATH,        //  text, completed as a file name
    OPTION_COUNT,       //  a whole number, min..max
    OPTION_REAL,        //  a decimal number, min..max
    OPTION_CHOICE       //  one of value_name's words, separated by '|'
} option_kind_t;

typedef struct {
    const char *name;           //  without "--"; NULL ends a list of options
    const char *alias;          //  another long name, or NULL
    char letter;                //  'f' for -f, or 0
    option_kind_t kind;
    const char *value_name;     //  "DIR", or the choices "gzip|zstd"; NULL for a flag
    const char *initial;        //  the value when it is not given, as text; NULL = none
    bool collects;              //  may be given several times; every value counts
    double min, max;            //  of OPTION_COUNT and OPTION_REAL, inclusive
    const char *help;
} option_t;

//  What a verb does to the home, hence which lock it takes (SPEC 3.6).
typedef enum { NEEDS_NONE, NEEDS_READ, NEEDS_WRITE } needs_t;

//  Whether it looks for packages in the network when no node runs on the home.
typedef enum { REACH_HERE, REACH_ANY, REACH_P2P } reach_t;

//  One for every row; main.c has the function of each.
typedef enum {
    VERB_SEARCH, VERB_INFO, VERB_INSTALL, VERB_LIST, VERB_REMOVE, VERB_VERIFY, VERB_ROLLBACK,
    VERB_INIT, VERB_PUBLISH,
    VERB_KEY_GENERATE, VERB_KEY_SHOW, VERB_KEY_LIST, VERB_KEY_EXPORT, VERB_KEY_IMPORT,
    VERB_TRUST_LIST, VERB_TRUST_ADD, VERB_TRUST_REMOVE,
    VERB_CONFIG_SHOW, VERB_CONFIG_VALIDATE, VERB_CONFIG_PATH,
    VERB_NODE_RUN, VERB_TAP, VERB_COMPLETION, VERB_HELP,
    VERB_TREE, VERB_WHY, VERB_OUTDATED, VERB_UPDATE, VERB_HISTORY, VERB_CLEAN, VERB_POLICY,
    VERB_YANK, VERB_UNPUBLISH, VERB_KEY_ROTATE,
    VERB_REGISTRY_LIST, VERB_REGISTRY_ADD, VERB_REGISTRY_REMOVE, VERB_REGISTRY_IMPORT,
    VERB_REGISTRY_SYNC,
    VERB_P2P_STATUS, VERB_P2P_PEERS, VERB_P2P_CONNECT, VERB_P2P_DISCONNECT,
    VERB_P2P_METRICS,
    VERB_P2P_PUBLISH, VERB_P2P_SEARCH, VERB_P2P_PEER_INFO, VERB_P2P_BOOTSTRAP, VERB_P2P_BAN,
    VERB_P2P_UNBAN, VERB_P2P_STOP, VERB_CONFIG_EDIT, VERB_CONFIG_RESET,
    VERBS_COUNT
} verb_id_t;

//  What the arguments of a verb are, for completion.
typedef enum {
    TAKES_NOTHING,      //  or what cannot be known: a query, a key
    TAKES_FILE,
    TAKES_CHOICE,       //  one of the words of 'arguments', separated by '|'
    TAKES_INSTALLED,    //  names of installed packages
    TAKES_PUBLISHED,    //  names of packages in the home's own registry
    TAKES_PACKAGE,      //  these, or files
    TAKES_GENERATION,
    TAKES_SETTING,
    TAKES_VERB
} takes_t;

#define COMMAND_ALIASES_MAX 3
#define COMMAND_EXAMPLES_MAX 4
#define COMMAND_PATH_MAX 64             //  bytes of the longest path or alias, with its NUL

typedef struct {
    const char *path;                           //  "market key"; "" = ggen itself
    const char *aliases [COMMAND_ALIASES_MAX];  //  other paths of it
    const char *help;                           //  one line
} group_t;

typedef struct {
    verb_id_t id;
    const char *path;                           //  "market install"
    const char *aliases [COMMAND_ALIASES_MAX];  //  other paths of it: "market add"
    const char *arguments;                      //  "[PKG[@RANGE]...]", or NULL
    unsigned arguments_min, arguments_max;
    takes_t takes;
    needs_t needs;
    reach_t reach;
    const char *reads_if;                       //  flags, separated by '|', each of which turns
                                                //  NEEDS_WRITE into NEEDS_READ
    const char *writes_if;                      //  the same, NEEDS_READ into NEEDS_WRITE
    const char *help;                           //  one line
    const char *more;                           //  paragraphs after it, or NULL
    const option_t *options;                    //  ends with a NULL name; NULL = none
    const char *examples [COMMAND_EXAMPLES_MAX];
} verb_t;

//  The table.
extern const group_t command_groups [];
extern const size_t command_groups_count;       //  [0] is ggen itself
extern const verb_t command_verbs [VERBS_COUNT];
extern const option_t command_globals [];       //  ends with a NULL name

//  The verb or group that this word leads to from this group; NULL if none.
const verb_t *
    command_verb (const group_t *group, const char *word);
const group_t *
    command_group (const group_t *group, const char *word);

//  The last word of 'path' or of one of 'aliases', whichever lies directly in 'group'; NULL if none
//  does. This is how one row is listed in every group that it can be reached from.
const char *
    command_word (const group_t *group, const char *path, const char *const aliases []);

//  The option of this long name (or alias): of the verb (which may be NULL), else a global one; or
//  NULL.
const option_t *
    command_option (const verb_t *verb, const char *name, size_t name_size);

//  The option of this letter; or NULL.
const option_t *
    command_letter (const verb_t *verb, char letter);

//  Whether 'word' is one of the '|'-separated 'choices'.
bool
    command_is_choice (const char *choices, const char *word, size_t word_size);

//  Did you mean: the path of the verb or group nearest to a word that leads nowhere from 'group';
//  words of the group itself come before verbs elsewhere (`ggen search`). NULL if nothing is near.
const char *
    command_near (const group_t *group, const char *word);

//  The long name nearest to an unknown option's; NULL if nothing is near.
const char *
    command_near_option (const verb_t *verb, const char *name);

typedef struct args_t args_t;           //  args.h

//  Read the words of the command line. '*args' borrows from 'argv' and needs no destroying.
//  OK          args says what was asked: a verb, or a group and no verb. With --help or --version
//              the number of arguments was not checked.
//  VALIDATION  wrong usage: args->problem and args->hint say what and what to do; what was read
//              before is in args.
must_use code_t
    command_parse (int argc, char *const argv [], args_t *args);

#endif
