import { type TlsPaths, tlsOptions } from "@millrace/connections";
import { describeCause } from "@millrace/shared";
import type { StepCheck } from "./examination.ts";
import { type Address, errorCode, networkChecks } from "./network.ts";
import type { CheckFailure } from "./report.ts";
import type { Step } from "./step.ts";
import type { VerdictCode } from "./verdicts.ts";

/** DNS, TCP and, for https, TLS. */
export function urlChecks(url: string, authorities: Pick<TlsPaths, "ca"> = {}): StepCheck[] {
  const target = new URL(url);
  return networkChecks({
    addresses: [addressOf(target)],
    ...(target.protocol === "https:" && { tls: tlsOptions(authorities) }),
  });
}

/**
 * The names that remedies of these checks need.
 *
 * @param variable that holds the URL
 * @param ca variable that names the CA file
 * @param ports where such a service listens, as a sentence
 */
export function urlNames(variable: string, url: string, { ca, ports }: { ca: string; ports: string }) {
  const { port } = addressOf(new URL(url));
  return { address: variable, ca, tls: `${variable} (http or https)`, port: String(port), ports };
}

function addressOf({ hostname, port, protocol }: URL): Address {
  // An IPv6 address is in brackets.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: port === "" ? ({ "https:": 443 }[protocol] ?? 80) : Number(port) };
}

/** A server's HTTP response, whatever its status. */
export interface ServerAnswer<Body = unknown> {
  status: number;
  body: Body;
}

/** A response's status and the beginning of its body, in one line. */
export function quote(status: number, body: unknown): string {
  const text = typeof body === "string" ? body : JSON.stringify(body ?? "");
  return `HTTP ${status}: ${text.replaceAll(/\s+/g, " ").trim().slice(0, 400)}`;
}

/** The errors of an HTTP client that gets something other than HTTP, or whose connection is closed. */
const NO_HTTP = /^(HPE_\w+|ECONNRESET|UND_ERR_SOCKET)$/;

/**
 * A failure with this code if the connection was open but no HTTP came back: the server speaks another protocol, or
 * requires TLS.
 */
export function withoutHttp(error: unknown, step: Step, code: VerdictCode): CheckFailure | undefined {
  const connected = step !== "dns" && step !== "tcp" && step !== "tls";
  return connected && NO_HTTP.test(errorCode(error) ?? "") ? { code, said: describeCause(error) } : undefined;
}
