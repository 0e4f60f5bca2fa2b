import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { requireFreeDisk } from "./disk.ts";

test("too little space is refused with the remedy", async () => {
  await expect(requireFreeDisk(tmpdir(), Number.MAX_SAFE_INTEGER)).rejects.toThrow(
    /^Only .+ GiB are free .+ free some space/,
  );
});

test("enough space is fine", async () => {
  await expect(requireFreeDisk(tmpdir(), 1)).resolves.toBeUndefined();
});
