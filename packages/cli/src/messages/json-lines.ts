import { parseJson } from "@millrace/shared";
import { z } from "zod";
import { linesOf } from "./lines.ts";
import type { SourceMessage } from "./source.ts";

const key = z.string().optional();
const textRecord = z.object({ text: z.string().refine((text) => text.isWellFormed()), key });
const bytesRecord = z.object({ valueBase64: z.base64().nullable(), key });

/**
 * Each line is a message: the field `text`; or `valueBase64`, which carries any bytes, or `null` for a record without a
 * value. Any other line is the message itself, byte for byte: judging it is the pipeline's task.
 */
export async function* jsonLinesMessages(file: string): AsyncGenerator<SourceMessage> {
  for await (const line of linesOf(file)) yield messageOf(line);
}

function messageOf(line: Buffer): SourceMessage {
  const json = parseJson(line.toString());
  const text = textRecord.safeParse(json);
  if (text.success) return { value: Buffer.from(text.data.text), ...keyOf(text.data) };
  const bytes = bytesRecord.safeParse(json);
  if (!bytes.success) return { value: line };
  const { valueBase64 } = bytes.data;
  return { value: valueBase64 === null ? null : Buffer.from(valueBase64, "base64"), ...keyOf(bytes.data) };
}

function keyOf({ key }: { key?: string | undefined }): { key?: string } {
  return key === undefined ? {} : { key };
}
