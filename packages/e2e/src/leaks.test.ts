import { expect, test } from "vitest";
import { leaks } from "./leaks.ts";

const secret = "aB3/+xYz0123456789==";
const line = (text: string) => `{"action":"process.start","details":{"cause":"${text}"}}`;

test.each([
  ["as it is", secret],
  ["within a text", `HTTP 401: wrong key ${secret}.`],
  ["percent-encoded", encodeURIComponent(secret)],
  ["in base64", Buffer.from(secret).toString("base64")],
  ["cut off", secret.slice(0, 16)],
])("finds a secret %s", (_, text) => {
  expect(leaks(`${line("harmless")}\n${line(text)}\n`, [secret])).toHaveLength(1);
});

test.each([
  "host:5432/?Action=connect&X-Amz-Signature=00ff",
  "x-amz-security-token: abc",
  "AWS4-HMAC-SHA256 Credential=ASIA/20260101",
  "authorization: Bearer abc",
  '{\\"SecretAccessKey\\":\\"abc\\"}',
])("finds signed data from any signer: %s", (text) => {
  expect(leaks(line(text), [secret])).toHaveLength(1);
});

test("ignores harmless lines", () => {
  expect(
    leaks([line("no connection to 127.0.0.1:6379"), line("the IAM token was refused")].join("\n"), [secret]),
  ).toEqual([]);
});
