import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { requireFreeDisk } from "./disk.ts";

test("refuses too little space with the remedy", async () => {
  await expect(requireFreeDisk(tmpdir(), Number.MAX_SAFE_INTEGER)).rejects.toThrow(
    /^Only .+ GiB are free .+ free some space/,
  );
});

test("accepts enough space", async () => {
  await expect(requireFreeDisk(tmpdir(), 1)).resolves.toBeUndefined();
});
