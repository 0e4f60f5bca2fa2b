import { type TlsPaths, tlsOptions } from "@millrace/connections";
import { describeCause } from "@millrace/shared";
import type { StepCheck } from "./check.ts";
import { type Address, errorCode, networkChecks } from "./network.ts";
import type { CheckFailure, Step } from "./report.ts";
import type { VerdictCode } from "./verdicts.ts";

/** DNS, TCP and, where the URL has https, TLS. */
export function urlChecks(url: string, authorities: Pick<TlsPaths, "ca"> = {}): StepCheck[] {
  const target = new URL(url);
  return networkChecks({
    addresses: [addressOf(target)],
    ...(target.protocol === "https:" && { tls: tlsOptions(authorities) }),
  });
}

/**
 * What remedies for these checks have to name.
 *
 * @param variable the one that holds the URL
 * @param ca the one that names the authorities' file
 * @param ports where such a service listens, as a sentence
 */
export function urlNames(variable: string, url: string, { ca, ports }: { ca: string; ports: string }) {
  const { port } = addressOf(new URL(url));
  return { address: variable, ca, tls: `${variable} (http or https)`, port: String(port), ports };
}

function addressOf({ hostname, port, protocol }: URL): Address {
  // An IPv6 address stands in brackets.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: port === "" ? ({ "https:": 443 }[protocol] ?? 80) : Number(port) };
}

/** What a server answered over HTTP, whatever its status. */
export interface ServerAnswer<Body = unknown> {
  status: number;
  body: Body;
}

/** An answer's status and how it begins, in one line. */
export function quote(status: number, body: unknown): string {
  const text = typeof body === "string" ? body : JSON.stringify(body ?? "");
  return `HTTP ${status}: ${text.replaceAll(/\s+/g, " ").trim().slice(0, 400)}`;
}

/** What a client ends with that asks by HTTP and gets something else, or is hung up on. */
const NO_HTTP = /^(HPE_\w+|ECONNRESET|UND_ERR_SOCKET)$/;

/** A failure of this code where the connection stood and no HTTP came back: another kind of server listens, or one that wants TLS. */
export function withoutHttp(error: unknown, step: Step, code: VerdictCode): CheckFailure | undefined {
  const connected = step !== "dns" && step !== "tcp" && step !== "tls";
  return connected && NO_HTTP.test(errorCode(error) ?? "") ? { code, said: describeCause(error) } : undefined;
}
