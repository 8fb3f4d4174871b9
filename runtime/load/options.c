/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The command line; see options.h. --root never touches the running kernel: it is taken with
 * --dry-run or --facts only.
 */
#define _GNU_SOURCE
#include "load/options.h"

#include <getopt.h>
#include <stdio.h>

#include "baton/bundle.h"
#include "load/files.h"

static const char kHelp[] =
    "usage: baton-load -l BUNDLE | -p BUNDLE | -u [-p] | -e | --facts FILE\n"
    "\n"
    "Loads a bundle written by `baton build` into the running ppc64 kernel. Before anything is\n"
    "loaded the bundle is checked byte by byte and compared with this machine.\n"
    "\n"
    "  -l, --load           load BUNDLE for a planned handoff (then -e)\n"
    "  -p, --load-panic     load BUNDLE for a crash; with -u: unload that one\n"
    "  -u, --unload         unload what is loaded\n"
    "  -e, --exec           hand over to what is loaded, at once: nothing is shut down\n"
    "      --facts FILE     write this machine's facts as a device tree, for `machine from dtb`\n"
    "      --dry-run        check and print, load and execute nothing\n"
    "      --root DIR       read DIR/proc and DIR/sys instead of the live ones; needs --dry-run\n"
    "                       or --facts\n"
    "  -V, --version        print the version and the bundle format's version\n"
    "  -h, --help           print this\n"
    "\n"
    "exit code: 0 done, 1 refused (the reason is printed, nothing was changed), 64 usage,\n"
    "66 a file is missing or unreadable, 70 the kernel refused the call\n"
    "\n"
    "examples:\n"
    "  baton-load --facts facts.dtb          on the target, before `baton build`\n"
    "  baton-load --dry-run -l boot.bundle   would it be taken?\n"
    "  baton-load -l boot.bundle && baton-load -e\n";

static int usage(const char *what) {
  complain("%s; try --help", what);
  return kExitUsage;
}

int options_parse(int count, char **words, Options *options) {
  enum { kFacts = 256, kDryRun, kRoot };
  static const struct option kLong[] = {{"load", no_argument, NULL, 'l'},
                                        {"load-panic", no_argument, NULL, 'p'},
                                        {"unload", no_argument, NULL, 'u'},
                                        {"exec", no_argument, NULL, 'e'},
                                        {"facts", required_argument, NULL, kFacts},
                                        {"dry-run", no_argument, NULL, kDryRun},
                                        {"root", required_argument, NULL, kRoot},
                                        {"version", no_argument, NULL, 'V'},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};
  bool load = false, panic = false, unload = false, execute = false;
  *options = (Options){.action = kActionDone, .root = "/", .live = true};
  int letter;
  while ((letter = getopt_long(count, words, "lpueVh", kLong, NULL)) != -1) {
    switch (letter) {
      case 'l': load = true; break;
      case 'p': panic = true; break;
      case 'u': unload = true; break;
      case 'e': execute = true; break;
      case kFacts: options->facts = optarg; break;
      case kDryRun: options->dry_run = true; break;
      case kRoot:
        options->root = optarg;
        options->live = false;
        break;
      case 'V':
        printf("baton-load %s, bundle format %d\n", BATON_LOAD_VERSION, kBatonBundleVersion);
        return kExitOk;
      case 'h':
        fputs(kHelp, stdout);
        return kExitOk;
      default:
        return kExitUsage; /* getopt_long has said why */
    }
  }
  int actions = load + unload + execute + (options->facts != NULL) + (panic && !unload);
  if (actions == 0) return usage("nothing to do: give one of -l, -p, -u, -e, --facts");
  if (actions > 1) return usage("one thing at a time: -l, -p, -u (with or without -p), -e or --facts");
  if (!options->live && !options->dry_run && options->facts == NULL)
    return usage("--root reads a copy of a machine, nothing can be done to it: add --dry-run");
  if (options->facts != NULL && options->dry_run)
    return usage("--facts changes nothing on this machine: leave out --dry-run");

  options->on_crash = panic;
  bool takes_bundle = load || (panic && !unload);
  if (takes_bundle && optind + 1 != count)
    return usage(optind == count ? "-l and -p need a BUNDLE" : "one BUNDLE only");
  if (!takes_bundle && optind != count) return usage("a BUNDLE is for -l and -p only");
  if (takes_bundle) {
    options->action = kActionLoad;
    options->bundle = words[optind];
  } else {
    options->action = unload ? kActionUnload : execute ? kActionExecute : kActionFacts;
  }
  return kExitOk;
}
