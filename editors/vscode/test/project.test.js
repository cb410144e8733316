"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { test } = require("node:test");
const { load } = require("./load");

const project = load("project").module;
const { run } = load("program").module;

test("a file belongs to the nearest project around it", () => {
  const root = path.join(path.sep, "work", "shop");
  const exists = (p) => p === path.join(root, "nudge.yaml");
  assert.deepEqual(project.placeOf(path.join(root, "flows", "cart.yaml"), exists), { root, name: "flows/cart.yaml" });
  assert.equal(project.placeOf(path.join(path.sep, "work", "other.yaml"), exists), undefined);
});

test("only a file of the folder flows holds a flow", () => {
  assert.equal(project.flowOf({ root: "/", name: "flows/cart.yaml" }), "cart");
  assert.equal(project.flowOf({ root: "/", name: "templates/cart.yaml" }), undefined);
  assert.equal(project.flowOf({ root: "/", name: "flows/old/cart.yaml" }), undefined);
});

test("tests are found among symbols at any depth", () => {
  const at = (line) => ({ start: { line } });
  const symbols = [
    { name: "flow", kind: 7, selectionRange: at(0) },
    { name: "tests", kind: 7, selectionRange: at(2), children: [{ name: "read in time", kind: project.TEST_KIND, selectionRange: at(3) }] },
  ];
  assert.deepEqual(project.testsAmong(symbols), [{ name: "read in time", line: 3 }]);
});

test("the names of tests are no regular expressions", () => {
  const args = project.testArguments("/shop", "tests/cart.yaml", ["costs $5 (or more)", "b"]);
  const match = new RegExp(args[args.length - 1]);
  assert.ok(match.test("tests/cart.yaml: costs $5 (or more)"));
  assert.ok(!match.test("tests/cart.yaml: costs $5 (or more), and then"));
  assert.ok(!match.test("tests/cartXyaml: b"));
  assert.ok(new RegExp(project.testArguments("/shop", "tests/cart.yaml", [])[5]).test("tests/cart.yaml: anything"));
});

test("a report without tests is refused", () => {
  assert.deepEqual(project.readReport('{"tests": []}'), []);
  assert.throws(() => project.readReport("{}"), /no tests/);
  assert.throws(() => project.readReport("nudge: there is no project"));
});

test("a page with a drawing runs nothing, and shows notes as text", () => {
  const page = project.drawingPage("cart", "<svg></svg>", "<b>wrong</b>");
  assert.match(page, /default-src 'none'/);
  assert.match(page, /&lt;b>wrong/);
  assert.match(page, /<svg><\/svg>/);
});

test("a program that fails has output and a code; one that is missing is an error", async () => {
  const failed = await run(process.execPath, ["-e", "console.log('out'); process.exit(1)"]);
  assert.deepEqual([failed.stdout, failed.code], ["out\n", 1]);
  await assert.rejects(run("/no/such/program", []), /cannot be run/);
});
