import { expect, test } from "vitest";
import { redactor } from "./redact.ts";

test("no secret is repeated, wherever it appears", () => {
  const redact = redactor(["the-password", undefined, "", "x"]);
  expect(redact("the-password in host/?X-Amz-Signature=abc&User=x, Bearer abc.def and sk-proj-123")).toBe(
    "[secret] in host/?X-Amz-Signature=[secret]&User=x, Bearer [secret] and sk-[secret]",
  );
});
