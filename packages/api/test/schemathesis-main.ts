// Tests the routes that publish and read with thousands of requests that Schemathesis generates from the OpenAPI document.
// Excludes streams, which have no end, and routes that need the other processes and would respond with 503.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { lease } from "@millrace/stack";
import { ApiProcess } from "./api-process.ts";
import { isolated, until } from "./support.ts";

const ROUTES = "^/(api/v1/(events|health|metrics)|publish|status/|metrics|health/)";

const onProgress = (line: string) => process.stderr.write(`${line}\n`);
await using stack = await lease({ name: "schemathesis", onProgress });
Object.assign(process.env, stack.env);
await using api = new ApiProcess(isolated());
await until(async () => api.logged("process.ready"));
const script = resolve(import.meta.dirname, "../../../load/schemathesis/run");
const options = ["--include-path-regex", ROUTES, ...process.argv.slice(2)];
const child = spawn(script, options, { env: { ...process.env, URL: api.url }, stdio: "inherit" });
const [code] = (await once(child, "exit")) as [number | null];
process.exitCode = code ?? 1;
