// Loads a built source with the fake modules in place of the real ones, each time anew.
"use strict";

const Module = require("node:module");
const path = require("node:path");

const fakes = { vscode: path.join(__dirname, "fake-vscode.js"), "vscode-languageclient/node": path.join(__dirname, "fake-client.js") };
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  return fakes[request] ?? resolve.call(this, request, ...rest);
};

const out = path.join(__dirname, "..", "out");

exports.load = function load(name) {
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(out) || Object.values(fakes).includes(file)) {
      delete require.cache[file];
    }
  }
  const vscode = require("vscode");
  const client = require("vscode-languageclient/node");
  return { vscode, client, module: require(path.join(out, `${name}.js`)) };
};
