#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is the SARIF that baton writes valid, by the schema that an npm package ships?

Judged are the findings of `baton check` over every code of the catalogue, of programs with awkward names and text,
and the comparison of every pair of tests/golden/diff/pairs. That the judge judges is tried with documents that are
wrong. The packages named in package.json are installed by npm, at exactly the versions and digests of
package-lock.json, into the build folder, once; if that cannot be done, the test fails.

    sarif_test.py --baton build/release/bin/baton --sample build/release/bin/diagnostics_sample --work FOLDER
"""
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
PAIRS = os.path.join(os.path.dirname(HERE), "golden", "diff", "pairs")

AWKWARD = """language 1;
convention demo.entry@1 { source "d\u00e9mo \u2192"; ensures slaves { arrival absent; } }
let low = 64KB;
"""


def installed(work):
    """The folder of the packages, installed if what is there is not what the lock says."""
    folder = os.path.join(work, "npm")
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        with open(os.path.join(HERE, name), "rb") as stream:
            digest.update(stream.read())
    stamp = os.path.join(folder, "installed")
    modules = os.path.join(folder, "node_modules")
    if os.path.exists(stamp):
        with open(stamp, encoding="ascii") as stream:
            if stream.read() == digest.hexdigest():
                return modules
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(os.path.join(HERE, name), os.path.join(folder, name))
    npm = shutil.which("npm")
    if not npm:
        raise SystemExit("there is no npm (Debian: nodejs npm)")
    # No package runs a program of its own while it is installed.
    done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"], cwd=folder, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"npm ci failed:\n{done.stdout}")
    with open(stamp, "w", encoding="ascii") as stream:
        stream.write(digest.hexdigest())
    return modules


def judged(modules, files):
    """(whether all are valid, what the judge says)"""
    node = shutil.which("node")
    if not node:
        raise SystemExit("there is no node (Debian: nodejs)")
    done = subprocess.run([node, os.path.join(HERE, "validate.js"), modules, *files], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    if done.returncode not in (0, 1):
        raise SystemExit(f"the judge failed:\n{done.stderr}")
    return done.returncode == 0, done.stdout


def write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


def run(command, codes, **more):
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, **more)
    if done.returncode not in codes:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done


def documents(baton, sample, folder):
    """name -> SARIF text of everything that is judged"""
    found = {"all-codes": run([sample, "--sarif"], [0]).stdout}
    awkward = "a b%c#d\u00e9.baton"
    write(os.path.join(folder, awkward), AWKWARD)
    found["awkward"] = run([baton, "check", awkward, awkward, "missing.baton", "--format", "sarif"], [66], cwd=folder).stderr
    write(os.path.join(folder, "sound.baton"), "language 1;\n")
    found["nothing"] = run([baton, "check", "sound.baton", "--format", "sarif"], [0], cwd=folder).stderr
    for rule in sorted(os.listdir(PAIRS)):
        sides = [os.path.join(PAIRS, rule, side + ".baton") for side in ("old", "new")]
        found["diff-" + rule] = run([baton, "diff", *sides, "--all", "--format", "sarif"], [0, 1, 2]).stdout
    return found


def main():
    parser = argparse.ArgumentParser(description="Validates SARIF output.")
    parser.add_argument("--baton", required=True)
    parser.add_argument("--sample", required=True)
    parser.add_argument("--work", required=True)
    given = parser.parse_args()
    work = os.path.abspath(given.work)
    os.makedirs(work, exist_ok=True)
    modules = installed(work)
    folder = os.path.join(work, "documents")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    texts = documents(os.path.abspath(given.baton), os.path.abspath(given.sample), folder)
    files = [write(os.path.join(folder, name + ".sarif"), text) for name, text in texts.items()]
    valid, said = judged(modules, files)
    if not valid:
        print(said)
        return 1
    # What is written must also be there: a document without results would be valid.
    wrong = []
    results = {name: json.loads(text)["runs"][0]["results"] for name, text in texts.items()}
    for name, found in results.items():
        if bool(found) != (name != "nothing"):
            wrong.append(f"{name} has {len(found)} results")
        if name.startswith("diff-") and not any(each["ruleId"] == name[5:] for each in found):
            wrong.append(f"{name} does not name its rule")
    if len(results["awkward"]) != 2:
        wrong.append("a file that is checked twice has its finding once, and a missing one has its own")
    place = next(r["locations"][0]["physicalLocation"] for r in results["awkward"] if r.get("locations"))
    if place["artifactLocation"]["uri"] != "a%20b%25c%23d%C3%A9.baton":
        wrong.append("a file's name is written as " + place["artifactLocation"]["uri"])
    # The judge sees what is wrong.
    for spoil in (lambda d: d.pop("version"), lambda d: d["runs"][0]["results"][0].pop("message"),
                  lambda d: d["runs"][0]["results"][0].update(level="fatal"),
                  lambda d: d["runs"][0]["tool"]["driver"].update(unheard=1)):
        document = json.loads(texts["all-codes"])
        spoil(document)
        if judged(modules, [write(os.path.join(folder, "spoiled.json"), json.dumps(document))])[0]:
            wrong.append("a document that is wrong passes")
    print("\n".join(wrong) if wrong else f"{len(files)} documents are valid SARIF 2.1.0")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
