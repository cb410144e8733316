// What the extension knows about projects, and what it makes of the answers of nudge. Nothing
// here needs an editor.
import { existsSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";

/** A file of a project: the folder of the project, and the file's name in it with slashes. */
export interface Place {
  root: string;
  name: string;
}

/** Finds the project that a file belongs to, or nothing. */
export function placeOf(file: string, exists: (path: string) => boolean = existsSync): Place | undefined {
  for (let dir = dirname(file); ; dir = dirname(dir)) {
    if (exists(join(dir, "nudge.yaml")) || exists(join(dir, "flows"))) {
      return { root: dir, name: relative(dir, file).split(sep).join("/") };
    }
    if (dirname(dir) === dir) {
      return undefined;
    }
  }
}

/** Returns the name of the flow that a file of a project holds, or nothing. */
export function flowOf(place: Place): string | undefined {
  return /^flows\/[^/]+\.yaml$/.test(place.name) ? basename(place.name, ".yaml") : undefined;
}

/** A test of a project, with its line from 0. */
export interface Test {
  name: string;
  line: number;
}

/** A symbol of a document, as the language server describes it. */
export interface DocumentSymbol {
  name: string;
  kind: number;
  selectionRange: { start: { line: number } };
  children?: DocumentSymbol[];
}

/** The kind that the language server gives to tests: a method, as the protocol counts. */
export const TEST_KIND = 6;

/** Finds the tests among the symbols of a document. */
export function testsAmong(symbols: DocumentSymbol[]): Test[] {
  return symbols.flatMap((s) =>
    s.kind === TEST_KIND ? [{ name: s.name, line: s.selectionRange.start.line }] : testsAmong(s.children ?? []),
  );
}

/** The result of one test, as nudge test -o json reports it. */
export interface Played {
  file: string;
  name: string;
  passed: boolean;
  failure?: { span: { file: string; start: { line: number; column: number } }; message: string; diff?: string[] };
}

/** The arguments that play some tests of a file, or all tests of it. */
export function testArguments(root: string, file: string, names: string[]): string[] {
  const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const which = names.length === 0 ? "" : `(${names.map(quoted).join("|")})$`;
  return ["test", root, "-o", "json", "--run", `^${quoted(file)}: ${which}`];
}

/** Reads the report of nudge test. A text that is no report is the reason why there is none. */
export function readReport(output: string): Played[] {
  const report: unknown = JSON.parse(output);
  const tests = (report as { tests?: Played[] }).tests;
  if (!Array.isArray(tests)) {
    throw new Error("the report of nudge test has no tests");
  }
  return tests;
}

/** What to show about a test that failed. */
export function failureText(failure: NonNullable<Played["failure"]>): string {
  return [failure.message, ...(failure.diff ?? [])].join("\n");
}

/** The page that shows a drawing. It runs nothing and loads nothing. */
export function drawingPage(flow: string, svg: string, note: string): string {
  const text = (raw: string) => raw.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const hint = note === "" ? "" : `<p class="note">${text(note)}</p>`;
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${text(flow)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body { padding: 1em } svg { max-width: 100%; height: auto } .note { opacity: 0.8 }</style>
</head><body>${hint}${svg}</body></html>`;
}
