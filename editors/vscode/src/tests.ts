// The tests of projects in the test explorer.
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { type DocumentSymbol, failureText, type Place, placeOf, readReport, testArguments, testsAmong } from "./project";
import type { Finished } from "./program";

/** Asks the language server for the symbols of a document. */
export type Symbols = (uri: string) => Promise<DocumentSymbol[]>;

/** Runs nudge with some arguments. */
export type Nudge = (args: string[], stop: AbortSignal) => Promise<Finished>;

/** Finds tests and runs them. */
export class Tests implements vscode.Disposable {
  readonly controller = vscode.tests.createTestController("nudge", "Nudge");
  private readonly disposables: vscode.Disposable[] = [];

  constructor(
    private readonly symbols: Symbols,
    private readonly nudge: Nudge,
  ) {
    this.controller.createRunProfile("Run", vscode.TestRunProfileKind.Run, (request, token) => this.run(request, token), true);
    this.controller.resolveHandler = async (item) => {
      if (item?.uri) {
        await this.find(item.uri);
      } else {
        await this.findAll();
      }
    };
    this.disposables.push(
      vscode.workspace.onDidOpenTextDocument((d) => this.look(d.uri)),
      vscode.workspace.onDidChangeTextDocument((e) => this.look(e.document.uri)),
    );
  }

  /** Lists the tests of a file in the background. Before the server runs, there are none. */
  private look(uri: vscode.Uri): void {
    this.find(uri).catch(() => undefined);
  }

  /** Lists the files of tests in all projects of the window. */
  async findAll(): Promise<void> {
    for (const uri of await vscode.workspace.findFiles("**/tests/*.yaml", "**/node_modules/**")) {
      const place = placeOfTests(uri);
      if (place) {
        this.fileItem(uri, place);
      }
    }
  }

  /** Lists the tests of a file. A file of another kind has none. */
  async find(uri: vscode.Uri): Promise<void> {
    const place = placeOfTests(uri);
    if (!place) {
      return;
    }
    const file = this.fileItem(uri, place);
    const found = testsAmong(await this.symbols(uri.toString()));
    file.children.replace(
      found.map((test) => {
        const item = this.controller.createTestItem(`${uri.toString()}#${test.name}`, test.name, uri);
        item.range = new vscode.Range(test.line, 0, test.line, 0);
        return item;
      }),
    );
  }

  private fileItem(uri: vscode.Uri, place: Place): vscode.TestItem {
    let item = this.controller.items.get(uri.toString());
    if (!item) {
      item = this.controller.createTestItem(uri.toString(), place.name, uri);
      item.canResolveChildren = true;
      this.controller.items.add(item);
    }
    return item;
  }

  /** Runs the tests that are asked for, file by file. nudge plays what is saved. */
  async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.controller.createTestRun(request);
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    try {
      for (const [file, tests] of await this.chosen(request)) {
        await this.runFile(run, file, tests, stop.signal);
      }
    } finally {
      run.end();
    }
  }

  /** The tests that are asked for, by their files. */
  private async chosen(request: vscode.TestRunRequest): Promise<Map<vscode.TestItem, vscode.TestItem[]>> {
    const files = new Map<vscode.TestItem, vscode.TestItem[]>();
    const wanted: vscode.TestItem[] = [];
    if (request.include) {
      wanted.push(...request.include);
    } else {
      await this.findAll();
      this.controller.items.forEach((item) => wanted.push(item));
    }
    for (const item of wanted) {
      if (item.parent) {
        files.set(item.parent, [...(files.get(item.parent) ?? []), item]);
        continue;
      }
      if (item.uri && item.children.size === 0) {
        await this.find(item.uri);
      }
      const all: vscode.TestItem[] = [];
      item.children.forEach((test) => all.push(test));
      files.set(item, all);
    }
    for (const [file, tests] of files) {
      files.set(file, tests.filter((t) => !request.exclude?.includes(t)));
    }
    return files;
  }

  private async runFile(run: vscode.TestRun, file: vscode.TestItem, tests: vscode.TestItem[], stop: AbortSignal): Promise<void> {
    const place = file.uri && placeOfTests(file.uri);
    if (!place || tests.length === 0) {
      return;
    }
    tests.forEach((t) => run.started(t));
    let finished: Finished;
    try {
      finished = await this.nudge(testArguments(place.root, place.name, tests.map((t) => t.label)), stop);
      for (const played of readReport(finished.stdout)) {
        const test = tests.find((t) => t.label === played.name);
        if (!test) {
          continue;
        }
        tests = tests.filter((t) => t !== test);
        if (!played.failure) {
          run.passed(test);
          continue;
        }
        const message = new vscode.TestMessage(failureText(played.failure));
        const at = played.failure.span;
        message.location = new vscode.Location(
          vscode.Uri.file(join(place.root, at.file)),
          new vscode.Position(Math.max(at.start.line - 1, 0), Math.max(at.start.column - 1, 0)),
        );
        run.failed(test, message);
      }
      tests.forEach((t) => run.errored(t, new vscode.TestMessage(finished.stderr || "nudge does not know this test; is the file saved?")));
    } catch (e) {
      tests.forEach((t) => run.errored(t, new vscode.TestMessage(e instanceof Error ? e.message : String(e))));
    }
  }

  dispose(): void {
    this.disposables.forEach((d) => d.dispose());
    this.controller.dispose();
  }
}

/** The place of a file of tests in its project; nothing for other files. */
function placeOfTests(uri: vscode.Uri): Place | undefined {
  if (uri.scheme !== "file" || !uri.fsPath.endsWith(".yaml")) {
    return undefined;
  }
  const place = placeOf(uri.fsPath);
  return place && dirname(place.name) === "tests" ? place : undefined;
}
