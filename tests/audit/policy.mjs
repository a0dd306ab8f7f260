// Reads policies (JSON on stdin: page -> policy); writes the findings of csp_evaluator.
import { createRequire } from "node:module";
const require = createRequire(`${process.argv[2]}/`);
const { CspParser } = require("csp_evaluator/dist/parser.js");
const { CspEvaluator } = require("csp_evaluator/dist/evaluator.js");
const { Version } = require("csp_evaluator/dist/csp.js");

let text = "";
for await (const part of process.stdin) text += part;
const found = Object.entries(JSON.parse(text)).map(([page, policy]) => [
  page,
  new CspEvaluator(new CspParser(policy).csp, Version.CSP3).evaluate()
    .map(({ severity, directive, description }) => ({ severity, directive, description })),
]);
console.log(JSON.stringify(Object.fromEntries(found)));
