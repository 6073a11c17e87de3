// Serves a framework's application many times over: with each of the configurations that stand on
// the first line of standard input, and as often without any. Writes the ports as one line of JSON,
// and ends when standard input does.
//
//     node serve.mjs express    <  {"configs": ["import cors …", …]}
//     {"real": [{"port": 1}, {"error": "…"}], "bare": [2, 3]}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const { start } = await import(`./${process.argv[2]}.mjs`);

// The configuration as a function of the application: its imports stay on top. Where it makes a
// server of its own, that is what comes back.
function moduleOf(config) {
  const lines = config.split("\n");
  const imports = lines.filter((line) => line.startsWith("import "));
  const rest = lines.filter((line) => !line.startsWith("import "));
  const made = 'return typeof server === "undefined" ? undefined : server;';
  return `${imports.join("\n")}
export default async function (app) {
${rest.join("\n")}
${made}
}
`;
}

async function configured(config, scratch, number) {
  const file = join(scratch, `${number}.mjs`);
  await writeFile(file, moduleOf(config));
  try {
    const { default: configure } = await import(pathToFileURL(file));
    return { port: await start(configure) };
  } catch (error) {
    return { error: String(error) };
  }
}

const input = createInterface({ input: process.stdin });
input.once("line", async (line) => {
  const { configs } = JSON.parse(line);
  // Beside the packages, so that they are found.
  const scratch = await mkdtemp(join(folder, ".run-"));
  const real = [];
  const bare = [];
  for (const [number, config] of configs.entries()) {
    real.push(await configured(config, scratch, number));
    bare.push(await start(async () => {}));
  }
  await rm(scratch, { recursive: true });
  process.stdout.write(JSON.stringify({ real, bare }) + "\n");
});
input.once("close", () => process.exit());
