// The extension: it starts nudge lsp, and shows what only this editor can show.
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";
import { Previews } from "./preview";
import { run } from "./program";
import type { DocumentSymbol } from "./project";
import { Tests } from "./tests";

let client: LanguageClient | undefined;

/** The program that the settings name. */
function program(): string {
  return vscode.workspace.getConfiguration("nudge").get<string>("path") || "nudge";
}

/** How the language server is started. */
function serverOptions(): ServerOptions {
  const server = vscode.workspace.getConfiguration("nudge").get<string>("server");
  return { command: program(), args: server ? ["lsp", "--server", server] : ["lsp"] };
}

/** What a command of a lens answers: the output of a verb, or a drawing. */
interface Answer {
  output?: string;
  code?: number;
  svg?: string;
}

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("Nudge");
  const previews = new Previews((root, flow) => ask<{ svg: string }>("nudge.draw", [root, flow]));
  const tests = new Tests(
    async (uri) => (await started().sendRequest<DocumentSymbol[] | null>("textDocument/documentSymbol", { textDocument: { uri } })) ?? [],
    (args, stop) => run(program(), args, stop),
  );
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file", language: "yaml" }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.{yaml,yml,png,jpg,jpeg,gif,webp,svg,pdf,mp3,mp4,txt,html,json}") },
    outputChannel: output,
    middleware: {
      executeCommand: async (command, args: unknown[], next) => {
        if (command === "nudge.draw") {
          return previews.show(String(args[0]), String(args[1]));
        }
        const answer = (await next(command, args)) as Answer | undefined;
        if (answer?.output !== undefined) {
          output.appendLine(answer.output);
          output.show(true);
        }
        return answer;
      },
    },
  };
  const start = async () => {
    client = new LanguageClient("nudge", "Nudge", serverOptions(), options);
    try {
      await client.start();
    } catch (e) {
      const reason = e instanceof Error ? e.message : String(e);
      void vscode.window.showErrorMessage(`${program()} lsp cannot be started: ${reason}. Set nudge.path to the nudge program.`);
    }
  };
  context.subscriptions.push(
    output,
    previews,
    tests,
    vscode.commands.registerCommand("nudge.preview", () => previews.showActive()),
    vscode.commands.registerCommand("nudge.restart", async () => {
      await deactivate();
      await start();
    }),
  );
  await start();
}

/** The language client; it fails before the server is started. */
function started(): LanguageClient {
  if (!client) {
    throw new Error("the language server of Nudge is not running");
  }
  return client;
}

/** Asks the server to carry out a command. */
function ask<T>(command: string, args: string[]): Promise<T> {
  return started().sendRequest<T>("workspace/executeCommand", { command, arguments: args });
}

export async function deactivate(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.stop();
}
