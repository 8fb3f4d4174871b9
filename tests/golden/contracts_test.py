#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do the published schema of contracts and the program that reads them agree?

Files of contracts, right and wrong in one thing each, are held against call-contracts.schema.json and given to
`baton verify --contract`: what fits the schema is read, and what does not is refused with the file's name.

Example: contracts_test.py --source . --baton build/release/bin/baton
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import help_test
import json_schema

VERIFY = ["--from", "linux.kexec@2005", "--to", "linux.bootblock@16", "--machine", "single"]
DIGEST = "0123456789abcdef" * 4
CALLS = (
    # one call, whether it is well-formed
    ({"symbol": "f"}, True),
    ({"symbol": "f", "stack": 512, "result": "0xffffffffffffffff", "sha256": DIGEST}, True),
    ({"symbol": "f", "reads": [{"at": "r3", "size": "r31"}], "writes": [{"at": "0x1000", "size": 4096}]}, True),
    ({"symbol": "f", "clobbers": []}, True),
    ({"symbol": "f", "clobbers": ["r0", "lr", "ctr", "xer", "cr", "cr7", "v31"]}, True),
    ({"hcall": "0x58"}, True),
    ({"hcall": 88, "clobbers": ["r3"]}, True),
    ({}, False),
    ({"symbol": ""}, False),
    ({"symbol": "f", "hcall": 88}, False),
    ({"hcall": "58"}, False),
    ({"hcall": -1}, False),
    ({"hcall": "0x"}, False),
    ({"hcall": "0x10000000000000000"}, False),
    ({"symbol": 7}, False),
    ({"symbol": "f", "stack": "much"}, False),
    ({"symbol": "f", "result": 1.5}, False),
    ({"symbol": "f", "sha256": DIGEST[1:]}, False),
    ({"symbol": "f", "sha256": DIGEST.upper()}, False),
    ({"symbol": "f", "reads": {"at": "r3", "size": 8}}, False),
    ({"symbol": "f", "reads": [{"at": "r3"}]}, False),
    ({"symbol": "f", "reads": [{"at": "r32", "size": 8}]}, False),
    ({"symbol": "f", "writes": [{"at": "r3", "size": 8, "offset": 4}]}, False),
    ({"symbol": "f", "writes": ["r3"]}, False),
    ({"symbol": "f", "clobbers": "r3"}, False),
    ({"symbol": "f", "clobbers": ["msr"]}, False),
    ({"symbol": "f", "clobbers": ["r03"]}, False),
    ({"symbol": "f", "returns": True}, False),
    ("f", False),
)
FILES = (
    ({"format": 1, "calls": []}, True),
    ({"format": 2, "calls": []}, False),
    ({"calls": []}, False),
    ({"format": 1}, False),
    ({"format": 1, "calls": {}}, False),
    ({"format": 1, "calls": [], "notes": "none"}, False),
    ([], False),
)


def main(source, baton):
    with open(os.path.join(source, "compiler/driver/call-contracts.schema.json"), encoding="utf-8") as stream:
        schema = json.load(stream)
    documents = [({"format": 1, "calls": [call]}, good) for call, good in CALLS] + list(FILES)
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        stub, contract = folder + "/stub.S", folder + "/calls.json"
        with open(stub, "w", encoding="utf-8") as stream:
            stream.write(help_test.STUB)
        for document, good in documents:
            text = json.dumps(document)
            if bool(json_schema.check(document, schema)) == good:
                failures.append(f"the schema {'refuses' if good else 'takes'} {text}")
            with open(contract, "w", encoding="utf-8") as stream:
                stream.write(text)
            done = subprocess.run([os.path.abspath(baton), "verify", stub, "--contract", contract] + VERIFY, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
            refused = done.returncode == 1 and contract in done.stderr
            if (done.returncode != 0) if good else not refused:
                failures.append(f"the program {'refuses' if good else 'takes'} {text}: exit {done.returncode}\n{done.stderr}")
    print("\n".join(failures) if failures else f"{len(documents)} files of contracts: the schema and the program agree")
    return 1 if failures else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--baton", required=True)
    arguments = parser.parse_args()
    sys.exit(main(arguments.source, arguments.baton))
