import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { TlsOptions } from "@millrace/connections";
import { describeCause } from "@millrace/shared";
import type { StepCheck } from "./examination.ts";
import type { CheckFailure } from "./report.ts";
import type { Step } from "./step.ts";
import type { VerdictCode } from "./verdicts.ts";

export interface Address {
  host: string;
  port: number;
}

/** Without `tls` the connection is in plaintext. `upgrade` requests TLS in a protocol that starts without it. */
export interface Route {
  addresses: readonly Address[];
  tls?: TlsOptions;
  upgrade?(socket: Socket, signal: AbortSignal): Promise<void>;
}

/** Checks DNS, TCP and TLS separately, to show which of them fails. One of several addresses must answer. */
export function networkChecks({ addresses, tls, upgrade }: Route): StepCheck[] {
  const all = addresses.map(({ host, port }) => `${host}:${port}`).join(", ");
  const dns: StepCheck = {
    step: "dns",
    tried: addresses.map(({ host }) => host).join(", "),
    run: () => anyOf(addresses, resolve),
  };
  const tcp: StepCheck = {
    step: "tcp",
    tried: all,
    run: (signal) => anyOf(addresses, (address) => openAndClose(address, signal)),
  };
  const handshake: StepCheck = {
    step: "tls",
    tried: all,
    run: (signal) =>
      anyOf(addresses, (address) => shakeHands(address, tls ?? { rejectUnauthorized: true }, signal, upgrade)),
  };
  return tls ? [dns, tcp, handshake] : [dns, tcp];
}

/** A client needs one of its addresses; the report names the unreachable ones anyway. */
async function anyOf(addresses: readonly Address[], attempt: (address: Address) => Promise<string>): Promise<string> {
  const outcomes = await Promise.allSettled(addresses.map(attempt));
  const answers = outcomes.map((outcome, index) => {
    const { host = "", port = 0 } = addresses[index] ?? {};
    const said = outcome.status === "fulfilled" ? outcome.value : describeCause(outcome.reason);
    return addresses.length === 1 ? said : `${host}:${port} ${said}`;
  });
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed && outcomes.every(({ status }) => status === "rejected")) throw failed.reason;
  return answers.join("; ");
}

async function resolve({ host }: Address): Promise<string> {
  if (isIP(host)) return "already an IP address";
  const addresses = await lookup(host, { all: true });
  return addresses.map(({ address }) => address).join(", ");
}

async function openAndClose(address: Address, signal: AbortSignal): Promise<string> {
  const socket = await open(address, signal);
  const from = `${socket.localAddress}`;
  socket.destroy();
  return `open, from ${from}`;
}

async function open({ host, port }: Address, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host, port, signal });
  // The caller that waits gets the error; without a listener, a later one (such as an abort) would end the process.
  socket.on("error", () => undefined);
  await once(socket, "connect", { signal });
  return socket;
}

async function shakeHands(
  address: Address,
  options: TlsOptions,
  signal: AbortSignal,
  upgrade?: Route["upgrade"],
): Promise<string> {
  const socket = await open(address, signal);
  try {
    await upgrade?.(socket, signal);
    const name = isIP(address.host) ? { host: address.host } : { servername: address.host };
    const secure = connectTls({ ...options, ...name, socket });
    secure.on("error", () => undefined);
    await once(secure, "secureConnect", { signal });
    return describePeer(secure);
  } finally {
    socket.destroy();
  }
}

function describePeer(socket: TLSSocket): string {
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  return `${socket.getProtocol()}, certificate of ${subject?.CN ?? "no name"} until ${validTo}`;
}

const codes: Record<string, VerdictCode> = {
  ENOTFOUND: "dns_not_found",
  EAI_AGAIN: "dns_failed",
  ECONNREFUSED: "tcp_refused",
  ETIMEDOUT: "tcp_timeout",
  EHOSTUNREACH: "tcp_unreachable",
  ENETUNREACH: "tcp_unreachable",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls_untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "tls_untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls_untrusted",
  SELF_SIGNED_CERT_IN_CHAIN: "tls_untrusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls_untrusted",
  CERT_SIGNATURE_FAILURE: "tls_untrusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls_host_mismatch",
  CERT_HAS_EXPIRED: "tls_expired",
  CERT_NOT_YET_VALID: "tls_expired",
  ERR_SSL_WRONG_VERSION_NUMBER: "tls_not_spoken",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "tls_not_spoken",
};

/** Explains a network error by its code; `undefined` for an unknown code. */
export function networkFailure(error: unknown, step: Step): CheckFailure | undefined {
  const code = errorCode(error);
  const said = describeCause(error);
  if (code === undefined) return undefined;
  const verdict = codes[code];
  if (verdict) return { code: verdict, said };
  // A plaintext server that resets the connection during the handshake took the greeting for garbage.
  if (step === "tls") return { code: code === "ECONNRESET" ? "tls_not_spoken" : "tls_failed", said };
  return code === "ECONNRESET" || code === "EPIPE" ? { code: "tcp_unreachable", said } : undefined;
}

/** Clients wrap errors; the innermost code is that of the network. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  const { code } = error as NodeJS.ErrnoException;
  return errorCode(inner) ?? (typeof code === "string" ? code : undefined);
}
