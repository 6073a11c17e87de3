// Serves Vite's development server many times over: with each of the vite.config.js that stand on
// the first line of standard input, and as often without CORS. It takes and writes what serve.mjs
// does.
//
//     node vite.mjs    <  {"configs": ["export default …", …]}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

async function start(root, configFile, options = {}) {
  const server = { host: "127.0.0.1", port: 0, ...options };
  const made = await createServer({ root, configFile, logLevel: "silent", server });
  await made.listen();
  return made.httpServer.address().port;
}

const input = createInterface({ input: process.stdin });
input.once("line", async (line) => {
  // Beside the packages, so that they are found.
  const root = await mkdtemp(join(dirname(fileURLToPath(import.meta.url)), ".run-"));
  await mkdir(join(root, "public"));
  await writeFile(join(root, "public", "ok"), "body");
  const real = [];
  const bare = [];
  for (const [number, config] of JSON.parse(line).configs.entries()) {
    const file = join(root, `${number}.mjs`);
    await writeFile(file, config);
    real.push({ port: await start(root, file) });
    bare.push(await start(root, false, { cors: false }));
  }
  process.stdout.write(JSON.stringify({ real, bare }) + "\n");
  input.once("close", async () => {
    await rm(root, { recursive: true });
    process.exit();
  });
});
