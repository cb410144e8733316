// Builds the extension: one file for VS Code, or, with the word test, a file for each source, so
// that tests can put their own modules in place of vscode and of the language client.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const shared = { platform: "node", format: "cjs", target: "node18", logLevel: "warning" };
if (process.argv[2] === "test") {
  const sources = readdirSync("src").map((name) => `src/${name}`);
  await build({ ...shared, entryPoints: sources, outdir: "out" });
} else {
  await build({ ...shared, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", bundle: true, external: ["vscode"], minify: true });
}
