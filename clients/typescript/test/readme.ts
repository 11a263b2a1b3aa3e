/** Tests that the README's example is the program in `example.ts`, and that it runs. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

test("the README shows the example", async () => {
  const readme = await readFile("README.md", "utf8");
  const example = await readFile("test/example.ts", "utf8");
  assert.equal(readme.split("```ts\n")[1]?.split("```")[0], example);
});

test("the example prints what the README says", async () => {
  const program = fileURLToPath(new URL("example.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 30_000 });
  assert.equal(stdout, "13 €, EN_ATTENTE\n");
});
