#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does docs_test.py find each kind of lie in a page, and nothing in a true one?

    tools_test.py BATON
"""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BATON = ""

TRUE_PAGE = """# A page
## A `part`, of it
<!-- file: a.baton -->
```baton
language 1;
let low = 64KiB;
```
<!-- exit: 66 -->
```sh
baton check a.baton
baton check missing.baton
```
<!-- shows: output -->
```text
...
error[BT9003 program-missing]: cannot open `missing.baton`: No such file or directory
```
<!-- at: pages/one -->
<!-- exit: 66 -->
<!-- prints: said.txt -->
```sh
truncate -s 0 ../two/empty
baton fmt --check ../two/b.baton
baton check missing.baton
```
See [here](page.md), [the part](#a-part-of-it).
"""

# Beside the page: what it takes its files from, and what a command of it prints.
FILES = {
    "pages/one/said.txt": "error[BT9003 program-missing]: cannot open `missing.baton`: No such file or directory\n\n1 error\n",
    "pages/two/b.baton": "language 1;\nlet high = 1MiB;\n",
}

LIES = [  # what is replaced, by what, and what must be said of it
    ("(page.md)", "(pages.md)", "names nothing"),
    ("#a-part-of-it", "#a-part", "names no heading"),
    ("<!-- exit: 66 -->", "<!-- exit: 0 -->", "ended with 66 instead of 0"),
    ("baton check missing", "make missing", "neither run nor listed"),
    ("cannot open", "will not open", "is not a line of output"),
    ("let low = 64KiB;", "let low = 64KB;", "ended with 1 instead of 0"),
    ("<!-- prints: said.txt -->", "<!-- prints: other.txt -->", "other.txt is not there"),
    ("baton check missing.baton\n```\nSee", "baton check absent.baton\n```\nSee", "what is printed is not said.txt"),
    ("<!-- at: pages/one -->", "<!-- at: pages/two -->", "said.txt is not there"),
    ("truncate -s 0", "truncate -s no", "ended with 1 instead of 0"),
    ("<!-- file: a.baton -->", "<!-- file: ../a.baton -->", "is no name of a file"),
]


class Pages(unittest.TestCase):
    def look(self, text):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in FILES.items():
                os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
                with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
                    stream.write(content)
            path = os.path.join(folder, "page.md")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
            done = subprocess.run([sys.executable, "-B", os.path.join(HERE, "docs_test.py"), "--source", folder,
                                   "--baton", BATON, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  check=False)
            return done.returncode, done.stdout

    def test_a_true_page(self):
        self.assertEqual(self.look(TRUE_PAGE), (0, "1 pages, 6 commands run\n"))

    def test_each_lie(self):
        for old, new, said in LIES:
            with self.subTest(new):
                self.assertIn(old, TRUE_PAGE)
                code, output = self.look(TRUE_PAGE.replace(old, new, 1))
                self.assertEqual(code, 1, output)
                self.assertIn(said, output)


if __name__ == "__main__":
    BATON = os.path.realpath(sys.argv.pop(1))
    unittest.main()
