#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is a JSON document what its published schema says?

Knows the part of JSON Schema that this project's schemas use, and refuses a schema that uses more, so that
no keyword is silently ignored. The document is a file, the standard input (`-`), or a program's output.

    json_schema.py compiler/diagnostics/diagnostics.schema.json build/bin/diagnostics_sample
"""
import json
import os
import re
import subprocess
import sys

ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "examples"}
TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}


class UnknownKeyword(Exception):
    """The schema uses a keyword this checker does not know."""


def same(a, b):
    """JSON equality: 1 and true differ."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def violations(value, schema, root, where="$"):
    """Every place where `value` breaks `schema`, as sentences."""
    found = []
    for keyword, wanted in schema.items():
        if keyword in ANNOTATIONS:
            continue
        if keyword == "$ref":
            if not wanted.startswith("#/"):
                raise UnknownKeyword(f"$ref {wanted}")
            target = root
            for part in wanted[2:].split("/"):
                target = target[part]
            found += violations(value, target, root, where)
        elif keyword == "type":
            names = wanted if isinstance(wanted, list) else [wanted]
            if not any(TYPES[name](value) for name in names):
                found.append(f"{where}: wants {' or '.join(names)}, has {json.dumps(value)[:60]}")
        elif keyword == "const":
            if not same(value, wanted):
                found.append(f"{where}: wants {json.dumps(wanted)}, has {json.dumps(value)[:60]}")
        elif keyword == "enum":
            if not any(same(value, each) for each in wanted):
                found.append(f"{where}: wants one of {json.dumps(wanted)}, has {json.dumps(value)[:60]}")
        elif keyword == "pattern":
            if isinstance(value, str) and not re.search(wanted, value):
                found.append(f"{where}: `{value[:60]}` does not match {wanted}")
        elif keyword == "minimum":
            if TYPES["integer"](value) and value < wanted:
                found.append(f"{where}: {value} is below {wanted}")
        elif keyword == "maximum":
            if TYPES["integer"](value) and value > wanted:
                found.append(f"{where}: {value} is above {wanted}")
        elif keyword == "required":
            if isinstance(value, dict):
                found += [f"{where}: lacks `{name}`" for name in wanted if name not in value]
        elif keyword == "properties":
            if isinstance(value, dict):
                for name, inner in wanted.items():
                    if name in value:
                        found += violations(value[name], inner, root, f"{where}.{name}")
        elif keyword == "additionalProperties":
            if wanted is not False:
                raise UnknownKeyword("additionalProperties other than false")
            if isinstance(value, dict):
                known = schema.get("properties", {})
                found += [f"{where}: `{name}` is not known" for name in value if name not in known]
        elif keyword == "items":
            if isinstance(value, list):
                for i, each in enumerate(value):
                    found += violations(each, wanted, root, f"{where}[{i}]")
        elif keyword == "minItems":
            if isinstance(value, list) and len(value) < wanted:
                found.append(f"{where}: has {len(value)} items, wants at least {wanted}")
        elif keyword in ("anyOf", "oneOf"):
            fitting = [each for each in wanted if not violations(value, each, root, where)]
            if not fitting or (keyword == "oneOf" and len(fitting) > 1):
                found.append(f"{where}: fits {len(fitting)} of {len(wanted)} choices")
        else:
            raise UnknownKeyword(keyword)
    return found


def check(document, schema):
    return violations(document, schema, schema)


def main(arguments):
    if len(arguments) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    with open(arguments[0], encoding="utf-8") as stream:
        schema = json.load(stream)
    if arguments[1] == "-":
        text = sys.stdin.read()
    elif len(arguments) > 2 or os.access(arguments[1], os.X_OK):
        text = subprocess.run(arguments[1:], check=True, stdout=subprocess.PIPE, text=True).stdout
    else:
        with open(arguments[1], encoding="utf-8") as stream:
            text = stream.read()
    found = check(json.loads(text), schema)
    for sentence in found:
        print(sentence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
