import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/**
 * The server's side of AWS Signature Version 4, for tests, written from its specification and not from the signers:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

export interface KnownKey {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiresAtMs?: number;
}

/** What the server knows and expects. */
export interface Expectation {
  region: string;
  service: string;
  keys: readonly KnownKey[];
}

export interface SignedRequest {
  method: string;
  /** Path and query as they were on the wire. */
  target: string;
  headers: Record<string, string>;
  body: Buffer;
}

/** A signed header may be this far from the server's time. */
const SKEW_MAX_MS = 5 * 60_000;

/** Returns why a request with an `Authorization` header is refused; `undefined` if it is valid. */
export function refuseSignedHeaders(
  request: SignedRequest,
  expectation: Expectation,
  nowMs: number = Date.now(),
): string | undefined {
  const { headers } = request;
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
  const [, credential = "", signedHeaders = "", signature = ""] = pattern.exec(headers.authorization ?? "") ?? [];
  if (signature === "") return "no signature";
  const names = signedHeaders.split(";");
  const bodyHash = sha256(request.body);
  if (headers["x-amz-content-sha256"] !== bodyHash) return "the body's hash is missing or wrong";
  for (const name of ["host", "x-amz-date", "x-amz-content-sha256"]) {
    if (!names.includes(name)) return `${name} is not signed`;
  }
  const key = knownKey(credential, headers["x-amz-security-token"], expectation);
  if (typeof key === "string") return key;
  if (key.sessionToken !== undefined && !names.includes("x-amz-security-token"))
    return "the session token is not signed";
  const date = headers["x-amz-date"] ?? "";
  if (Math.abs(nowMs - parseDate(date)) > SKEW_MAX_MS) return "signed too long ago or in the future";
  const { path, query } = split(request.target);
  const canonicalHeaders = names.map((name) => `${name}:${(headers[name] ?? "").trim().replaceAll(/ +/g, " ")}\n`);
  const canonical = [
    request.method,
    canonicalPath(path),
    canonicalQuery(query),
    canonicalHeaders.join(""),
    signedHeaders,
    bodyHash,
  ].join("\n");
  return isRight(signature, canonical, date, key, expectation) ? undefined : "wrong signature";
}

/** Returns why a presigned URL (`host/path?query`, without its scheme) is refused; `undefined` if it is valid. */
export function refusePresigned(
  url: string,
  expectation: Expectation,
  action: Record<string, string>,
): string | undefined {
  const host = url.slice(0, url.search(/[/?]/));
  const { path, query } = split(url.slice(host.length));
  const value = (name: string): string => query.find(([key]) => key === name)?.[1] ?? "";
  for (const [name, wanted] of Object.entries(action)) {
    if (value(name) !== wanted) return `${name} is another`;
  }
  if (value("X-Amz-SignedHeaders") !== "host") return "the host is not signed";
  const key = knownKey(value("X-Amz-Credential"), value("X-Amz-Security-Token") || undefined, expectation);
  if (typeof key === "string") return key;
  const signedAtMs = parseDate(value("X-Amz-Date"));
  const expiresS = Number(value("X-Amz-Expires"));
  if (!(expiresS > 0 && expiresS <= 900)) return "valid for too long";
  if (!(Date.now() < signedAtMs + expiresS * 1_000 && signedAtMs < Date.now() + SKEW_MAX_MS)) return "expired";
  const unsigned = query.filter(([name]) => name !== "X-Amz-Signature");
  const canonical = ["GET", path || "/", canonicalQuery(unsigned), `host:${host}\n`, "host", sha256("")].join("\n");
  const signature = value("X-Amz-Signature");
  return isRight(signature, canonical, value("X-Amz-Date"), key, expectation) ? undefined : "wrong signature";
}

/** The access key of a presigned URL or an `Authorization` header. */
export function accessKeyOf(signed: string): string {
  return /Credential=([^/%]+)/.exec(signed)?.[1] ?? "";
}

function knownKey(credential: string, sessionToken: string | undefined, expectation: Expectation): KnownKey | string {
  const [accessKeyId, , region, service, terminator] = credential.split("/");
  if (region !== expectation.region) return `signed for the region ${region}`;
  if (service !== expectation.service || terminator !== "aws4_request") return `signed for the service ${service}`;
  const key = expectation.keys.find((known) => known.accessKeyId === accessKeyId);
  if (!key) return "unknown access key";
  if (key.sessionToken !== sessionToken) return "wrong session token";
  if (key.expiresAtMs !== undefined && key.expiresAtMs <= Date.now()) return "the key has ended";
  return key;
}

function isRight(signature: string, canonical: string, date: string, key: KnownKey, expectation: Expectation): boolean {
  const day = date.slice(0, 8);
  const { region, service } = expectation;
  const toSign = ["AWS4-HMAC-SHA256", date, `${day}/${region}/${service}/aws4_request`, sha256(canonical)].join("\n");
  const signingKey = [day, region, service, "aws4_request"].reduce<Buffer | string>(hmac, `AWS4${key.secretAccessKey}`);
  const wanted = hmac(signingKey, toSign);
  const given = Buffer.from(signature, "hex");
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function split(target: string): { path: string; query: [string, string][] } {
  const mark = target.indexOf("?");
  if (mark < 0) return { path: target, query: [] };
  const pairs = target.slice(mark + 1).split("&");
  const query = pairs.filter(Boolean).map((pair): [string, string] => {
    const equals = pair.includes("=") ? pair.indexOf("=") : pair.length;
    return [decodeURIComponent(pair.slice(0, equals)), decodeURIComponent(pair.slice(equals + 1))];
  });
  return { path: target.slice(0, mark), query };
}

/** Each segment is encoded once more than on the wire, for every service except S3. */
function canonicalPath(path: string): string {
  return path.split("/").map(encode).join("/") || "/";
}

function canonicalQuery(query: readonly [string, string][]): string {
  return query
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
}

/** RFC 3986: all but the unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** `20260131T235959Z` */
function parseDate(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
