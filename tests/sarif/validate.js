// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Is each of these files what the schema of SARIF 2.1.0 says? The schema is the one that the npm package
// @microsoft/jest-sarif ships; ajv judges. Both come from the folder that is named first.
//
//   node validate.js NODE_MODULES FILE...
"use strict";
const fs = require("fs");
const path = require("path");

const [modules, ...files] = process.argv.slice(2);
const Ajv = require(path.join(modules, "ajv"));
const schemas = path.join(modules, "@microsoft", "jest-sarif", "lib", "schemas");
const names = fs.readdirSync(schemas).filter((name) => /^sarif-2\.1\.0.*\.json$/.test(name));
if (names.length !== 1) throw new Error(`${schemas} has ${names.length} schemas of SARIF 2.1.0`);
const schema = JSON.parse(fs.readFileSync(path.join(schemas, names[0]), "utf8"));

// The schema is of draft 4, where an identifier is `id`. Formats (URIs, dates) are judged too.
const ajv = new Ajv({ schemaId: "auto", allErrors: true, format: "full", unknownFormats: "ignore" });
ajv.addMetaSchema(require(path.join(modules, "ajv", "lib", "refs", "json-schema-draft-04.json")));
const validate = ajv.compile(schema);
let wrong = 0;
for (const file of files) {
  const valid = validate(JSON.parse(fs.readFileSync(file, "utf8")));
  if (valid) continue;
  wrong += 1;
  for (const error of validate.errors) console.log(`${file}: ${error.dataPath || "/"} ${error.message}`);
}
process.exit(wrong ? 1 : 0);
