// The drawing of a flow beside its text, which follows what is typed.
import * as vscode from "vscode";
import { drawingPage, flowOf, placeOf } from "./project";

/** Asks the language server for a drawing. */
export type Draw = (root: string, flow: string) => Promise<{ svg: string }>;

/** Shows drawings, one panel for each flow. */
export class Previews implements vscode.Disposable {
  private readonly panels = new Map<string, vscode.WebviewPanel>();
  private readonly drawings = new Map<string, string>();
  private readonly changes: vscode.Disposable;

  constructor(private readonly draw: Draw) {
    this.changes = vscode.workspace.onDidChangeTextDocument((e) => {
      const place = placeOf(e.document.uri.fsPath);
      for (const [key] of this.panels) {
        const [root, flow] = JSON.parse(key) as [string, string];
        if (place?.root === root) {
          void this.update(root, flow);
        }
      }
    });
  }

  /** Draws the flow of the document that is being edited. */
  async showActive(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const place = document && placeOf(document.uri.fsPath);
    const flow = place && flowOf(place);
    if (!place || !flow) {
      void vscode.window.showInformationMessage("This is no file of the folder flows of a project.");
      return;
    }
    await this.show(place.root, flow);
  }

  /** Draws a flow, in its panel if it has one. */
  async show(root: string, flow: string): Promise<void> {
    const key = JSON.stringify([root, flow]);
    let panel = this.panels.get(key);
    if (!panel) {
      panel = vscode.window.createWebviewPanel("nudge.flow", flow, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true }, { enableScripts: false });
      this.panels.set(key, panel);
      panel.onDidDispose(() => {
        this.panels.delete(key);
        this.drawings.delete(key);
      });
    }
    await this.update(root, flow);
  }

  /** Draws a flow again. While it has mistakes, the last drawing stays, with a note. */
  private async update(root: string, flow: string): Promise<void> {
    const key = JSON.stringify([root, flow]);
    let note = "";
    try {
      this.drawings.set(key, (await this.draw(root, flow)).svg);
    } catch (e) {
      note = e instanceof Error ? e.message : String(e);
    }
    const panel = this.panels.get(key);
    if (panel) {
      panel.webview.html = drawingPage(flow, this.drawings.get(key) ?? "", note);
    }
  }

  dispose(): void {
    this.changes.dispose();
    this.panels.forEach((panel) => panel.dispose());
  }
}
