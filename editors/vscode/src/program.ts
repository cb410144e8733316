// Runs the nudge program.
import { execFile } from "node:child_process";

/** What a program wrote, and its exit code. */
export interface Finished {
  stdout: string;
  stderr: string;
  code: number;
}

/** Runs a program to its end. It fails only if the program cannot be started or is stopped. */
export function run(program: string, args: string[], signal?: AbortSignal): Promise<Finished> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { signal, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") {
        reject(new Error(`${program} cannot be run: ${error.message}`));
        return;
      }
      resolve({ stdout, stderr, code: typeof error?.code === "number" ? error.code : 0 });
    });
  });
}
