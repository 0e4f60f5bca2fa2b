import { isUtf8 } from "node:buffer";
import type { EmbeddedMessage } from "../sink.ts";
import type { BulkAction, BulkFormat } from "./bulk-format.ts";
import type { GrowingBuffer } from "./growing-buffer.ts";
import {
  encodeName,
  endDocument,
  endObject,
  startDocument,
  startObject,
  writeFloats,
  writeInteger,
  writeString,
  writeUtf8,
} from "./smile.ts";

/** SMILE: half of JSON's bytes and half of OpenSearch's CPU (docs/decisions/0006-smile-bulk.md). */
export const smileFormat: BulkFormat = {
  name: "smile",
  contentType: "application/smile",
  writeAction,
  writeDocument,
};

const names = {
  index: encodeName("index"),
  delete: encodeName("delete"),
  _index: encodeName("_index"),
  _id: encodeName("_id"),
  id: encodeName("id"),
  version: encodeName("version"),
  versionType: encodeName("version_type"),
  text: encodeName("text"),
  topic: encodeName("topic"),
  partition: encodeName("partition"),
  offset: encodeName("offset"),
  timestamp: encodeName("timestamp"),
  key: encodeName("key"),
  model: encodeName("model"),
  vector: encodeName("vector"),
};

function writeAction(to: GrowingBuffer, { verb, index, id, version }: BulkAction): void {
  startDocument(to);
  startObject(to);
  to.append(names[verb]);
  startObject(to);
  stringField(to, names._index, index);
  if (id !== undefined) stringField(to, names._id, id);
  if (version !== undefined) {
    integerField(to, names.version, version);
    stringField(to, names.versionType, "external");
  }
  endObject(to);
  endObject(to);
  endDocument(to);
}

function writeDocument(to: GrowingBuffer, message: EmbeddedMessage, id?: string): void {
  startDocument(to);
  startObject(to);
  if (id !== undefined) stringField(to, names.id, id);
  textField(to, names.text, message.text);
  stringField(to, names.topic, message.topic);
  integerField(to, names.partition, message.partition);
  integerField(to, names.offset, message.offset);
  integerField(to, names.timestamp, message.timestampMs);
  if (message.key) textField(to, names.key, message.key);
  stringField(to, names.model, message.model);
  to.append(names.vector);
  writeFloats(to, message.vector);
  endObject(to);
  endDocument(to);
}

function stringField(to: GrowingBuffer, name: Buffer, value: string): void {
  to.append(name);
  writeString(to, value);
}

function integerField(to: GrowingBuffer, name: Buffer, value: number): void {
  to.append(name);
  writeInteger(to, value);
}

/** Replaces invalid UTF-8 as JSON encoding does, since a key may be any bytes. */
function textField(to: GrowingBuffer, name: Buffer, value: Buffer): void {
  to.append(name);
  writeUtf8(to, isUtf8(value) ? value : Buffer.from(value.toString()));
}
