"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { test } = require("node:test");
const { load } = require("./load");

/** A project in a new folder, with a program that plays the part of nudge. */
function makeProject(t) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "nudge-"));
  t.after(() => fs.rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries({
    "nudge.yaml": "project: shop\n",
    "flows/cart.yaml": "flow: cart\n",
    "tests/cart.yaml": "flow: cart\ntests: []\n",
    nudge: `#!${process.execPath}\n${program}`,
  })) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text, { mode: 0o755 });
  }
  return root;
}

// It reports the arguments that it got in the message of a failed test.
const program = `
const args = process.argv.slice(2);
if (args.includes("broken")) { console.error("nudge: no project"); process.exit(2); }
const failure = { span: { file: "tests/cart.yaml", start: { line: 7, column: 3 } }, message: args.join(" "), diff: ["- a", "+ b"] };
console.log(JSON.stringify({ passed: 1, failed: 1, tests: [
  { file: "tests/cart.yaml", name: "bought", passed: true },
  { file: "tests/cart.yaml", name: "emptied", passed: false, failure }] }));
process.exit(1);
`;

/** The symbols of the file of tests, as the language server has them. */
function symbols(...names) {
  const test = (name, i) => ({ name, kind: 6, selectionRange: { start: { line: i + 3 } } });
  return () => [{ name: "tests", kind: 7, selectionRange: { start: { line: 1 } }, children: names.map(test) }];
}

async function activated(root) {
  const loaded = load("extension");
  loaded.vscode.state.settings = { path: path.join(root, "nudge"), server: "" };
  const context = { subscriptions: [] };
  await loaded.module.activate(context);
  return { ...loaded, context };
}

test("the server is the program of the settings", async (t) => {
  const root = makeProject(t);
  const { vscode, client, module } = await activated(root);
  assert.deepEqual(client.state.clients[0].server, { command: path.join(root, "nudge"), args: ["lsp"] });
  assert.ok(client.state.clients[0].running);
  vscode.state.settings.server = "http://127.0.0.1:8080";
  await vscode.state.commands.get("nudge.restart")();
  assert.ok(!client.state.clients[0].running);
  assert.deepEqual(client.state.clients[1].server.args, ["lsp", "--server", "http://127.0.0.1:8080"]);
  await module.deactivate();
  assert.ok(!client.state.clients[1].running);
});

test("a program that cannot be started is named, with what to do", async () => {
  const loaded = load("extension");
  loaded.client.state.failing = new Error("spawn nudge ENOENT");
  await loaded.module.activate({ subscriptions: [] });
  assert.match(loaded.vscode.state.messages[0], /nudge lsp cannot be started: spawn nudge ENOENT\. Set nudge\.path/);
});

test("a flow is drawn beside its text, and follows it", async (t) => {
  const root = makeProject(t);
  const { vscode, client } = await activated(root);
  const uri = vscode.Uri.file(path.join(root, "flows/cart.yaml"));
  let drawn = 0;
  client.state.answers["workspace/executeCommand"] = (p) => {
    assert.deepEqual(p, { command: "nudge.draw", arguments: [root, "cart"] });
    drawn++;
    if (drawn === 3) {
      throw new Error("the flow cart has mistakes");
    }
    return { svg: `<svg>${drawn}</svg>` };
  };
  vscode.window.activeTextEditor = { document: { uri } };
  await vscode.state.commands.get("nudge.preview")();
  const [panel] = vscode.state.panels;
  assert.match(panel.webview.html, /<svg>1<\/svg>/);
  assert.equal(panel.options.enableScripts, false);
  await vscode.changed.fire({ document: { uri } });
  await new Promise(setImmediate);
  assert.match(panel.webview.html, /<svg>2<\/svg>/);
  await vscode.changed.fire({ document: { uri } }); // with a mistake
  await new Promise(setImmediate);
  assert.match(panel.webview.html, /has mistakes[\s\S]*<svg>2<\/svg>/);
  await panel.dispose();
  await vscode.changed.fire({ document: { uri } });
  assert.equal(drawn, 3);
  vscode.window.activeTextEditor = { document: { uri: vscode.Uri.file(path.join(root, "nudge.yaml")) } };
  await vscode.state.commands.get("nudge.preview")();
  assert.match(vscode.state.messages[0], /no file of the folder flows/);
});

test("the lens that draws opens the drawing, and others show what nudge wrote", async (t) => {
  const root = makeProject(t);
  const { vscode, client } = await activated(root);
  client.state.answers["workspace/executeCommand"] = () => ({ svg: "<svg></svg>" });
  const { executeCommand } = client.state.clients[0].options.middleware;
  await executeCommand("nudge.draw", [root, "cart"], () => assert.fail("the server is asked by the preview"));
  assert.equal(vscode.state.panels.length, 1);
  await executeCommand("nudge.simulate", [root, "cart"], async () => ({ output: "10:00 cart begins", code: 0 }));
  assert.deepEqual(vscode.state.output, ["10:00 cart begins"]);
});

test("tests are found, and their results stand at their lines", async (t) => {
  const root = makeProject(t);
  const { vscode, client, context } = await activated(root);
  const { controller } = context.subscriptions.find((s) => s.controller);
  const uri = vscode.Uri.file(path.join(root, "tests/cart.yaml"));
  vscode.state.files = [uri, vscode.Uri.file(path.join(os.tmpdir(), "tests", "elsewhere.yaml"))];
  client.state.answers["textDocument/documentSymbol"] = symbols("bought", "emptied", "not saved");
  await controller.profile({}, { onCancellationRequested() {} });
  const file = controller.items.get(uri.toString());
  assert.equal(controller.items.size, 1);
  assert.equal(file.label, "tests/cart.yaml");
  const found = [];
  file.children.forEach((item) => found.push([item.label, item.range.start.line]));
  assert.deepEqual(found, [["bought", 3], ["emptied", 4], ["not saved", 5]]);
  const results = vscode.state.results.filter(([what]) => what !== "started");
  assert.deepEqual(results.map((r) => r.slice(0, 2)), [["passed", "bought"], ["failed", "emptied"], ["errored", "not saved"], ["end"]]);
  const message = results[1][2];
  assert.equal(message.location.uri.fsPath, uri.fsPath);
  assert.deepEqual(message.location.range, new vscode.Position(6, 2));
  assert.match(message.message, new RegExp(`^test ${root} -o json --run \\^tests/cart\\\\\\.yaml: \\(bought\\|emptied\\|not saved\\)\\$\\n- a\\n\\+ b$`));
});

test("one test runs alone, and a failure of nudge is shown", async (t) => {
  const root = makeProject(t);
  const { vscode, client, context } = await activated(root);
  const { controller } = context.subscriptions.find((s) => s.controller);
  const uri = vscode.Uri.file(path.join(root, "tests/cart.yaml"));
  client.state.answers["textDocument/documentSymbol"] = symbols("bought", "emptied");
  await vscode.opened.fire({ uri });
  await new Promise(setImmediate);
  const file = controller.items.get(uri.toString());
  let one;
  file.children.forEach((item) => (one ??= item));
  await controller.profile({ include: [one] }, { onCancellationRequested() {} });
  assert.deepEqual(vscode.state.results.map((r) => r.slice(0, 2)), [["started", "bought"], ["passed", "bought"], ["end"]]);
  vscode.state.settings.path = "/no/such/program";
  vscode.state.results.length = 0;
  await controller.profile({ include: [one] }, { onCancellationRequested() {} });
  assert.match(vscode.state.results[1][2].message, /cannot be run/);
});
