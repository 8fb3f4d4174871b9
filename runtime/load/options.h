/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What does the user ask for? The letters are those of kexec(8).
 *
 *   baton-load -l boot.bundle; baton-load -e          baton-load --dry-run --root copy -p dump.bundle
 */
#ifndef BATON_LOAD_OPTIONS_H
#define BATON_LOAD_OPTIONS_H

#include <stdbool.h>

typedef enum Action { kActionLoad, kActionUnload, kActionExecute, kActionFacts, kActionDone } Action;

typedef struct Options {
  Action action;
  bool on_crash; /* -p */
  bool dry_run;
  const char *bundle; /* path, for kActionLoad */
  const char *facts;  /* path, for kActionFacts */
  const char *root;   /* "/" when it is the live machine */
  bool live;          /* no --root */
} Options;

/* kExitOk and *options filled, or kExitUsage with the reason complained about. --help and --version
 * print what they print and give kActionDone. */
int options_parse(int count, char **words, Options *options);

#endif
