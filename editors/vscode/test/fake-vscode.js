// The parts of the module vscode that the extension uses, without an editor. It remembers what
// was shown, and tests call its handlers.
"use strict";

class Emitter {
  constructor() {
    this.handlers = [];
    this.event = (handler) => {
      this.handlers.push(handler);
      return { dispose: () => (this.handlers = this.handlers.filter((h) => h !== handler)) };
    };
  }
  async fire(value) {
    await Promise.all(this.handlers.map((h) => h(value)));
  }
}

class Uri {
  constructor(fsPath) {
    this.fsPath = fsPath;
    this.scheme = "file";
  }
  static file(fsPath) {
    return new Uri(fsPath);
  }
  toString() {
    return `file://${this.fsPath}`;
  }
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(a, b, c, d) {
    Object.assign(this, { start: new Position(a, b), end: new Position(c, d) });
  }
}

class Location {
  constructor(uri, at) {
    Object.assign(this, { uri, range: at });
  }
}

class TestMessage {
  constructor(message) {
    this.message = message;
  }
}

class Items {
  constructor(parent) {
    this.map = new Map();
    this.parent = parent;
  }
  get size() {
    return this.map.size;
  }
  get(id) {
    return this.map.get(id);
  }
  add(item) {
    item.parent = this.parent;
    this.map.set(item.id, item);
  }
  replace(items) {
    this.map.clear();
    items.forEach((i) => this.add(i));
  }
  forEach(f) {
    this.map.forEach((item) => f(item));
  }
}

const state = { panels: [], messages: [], commands: new Map(), output: [], settings: {}, files: [], results: [] };
const changed = new Emitter();
const opened = new Emitter();

function createTestController() {
  const controller = {
    items: new Items(),
    createRunProfile: (label, kind, run) => (controller.profile = run),
    createTestItem: (id, label, uri) => {
      const item = { id, label, uri };
      item.children = new Items(item);
      return item;
    },
    createTestRun: () => ({
      started: (t) => state.results.push(["started", t.label]),
      passed: (t) => state.results.push(["passed", t.label]),
      failed: (t, m) => state.results.push(["failed", t.label, m]),
      errored: (t, m) => state.results.push(["errored", t.label, m]),
      end: () => state.results.push(["end"]),
    }),
    dispose() {},
  };
  return controller;
}

module.exports = {
  state,
  changed,
  opened,
  Uri,
  Position,
  Range,
  Location,
  TestMessage,
  ViewColumn: { Beside: -2 },
  TestRunProfileKind: { Run: 1 },
  tests: { createTestController },
  commands: {
    registerCommand: (name, f) => {
      state.commands.set(name, f);
      return { dispose() {} };
    },
  },
  window: {
    activeTextEditor: undefined,
    createOutputChannel: () => ({ appendLine: (text) => state.output.push(text), show() {}, dispose() {} }),
    showErrorMessage: (text) => state.messages.push(text),
    showInformationMessage: (text) => state.messages.push(text),
    createWebviewPanel: (type, title, where, options) => {
      const gone = new Emitter();
      const panel = { title, where, options, webview: { html: "" }, onDidDispose: gone.event, dispose: () => gone.fire() };
      state.panels.push(panel);
      return panel;
    },
  },
  workspace: {
    getConfiguration: () => ({ get: (key) => state.settings[key] }),
    createFileSystemWatcher: (pattern) => ({ pattern, dispose() {} }),
    findFiles: async () => state.files,
    onDidChangeTextDocument: changed.event,
    onDidOpenTextDocument: opened.event,
  },
};
