import { expect, test } from "vitest";
import { reconcile, type SourceRecord, type StoredDocument, type StoredRow } from "./reconcile.ts";

const source: SourceRecord[] = [
  { id: "t-0-0", expected: "valid", text: "one" },
  { id: "t-0-1", expected: "poison", text: "bad" },
  { id: "t-1-0", expected: "valid", text: "two" },
];
const acknowledged = source.map(({ id, text }) => ({ id, text }));
const rows: StoredRow[] = [
  { id: "t-0-0", level: "INFO" },
  { id: "t-0-1", level: "ERROR" },
  { id: "t-1-0", level: "INFO" },
];
const documents: StoredDocument[] = [
  { id: "t-0-0", text: "one", hasOwnVector: true },
  { id: "t-1-0", text: "two", hasOwnVector: true },
];
const nothing = {
  vanished: [],
  missingRows: [],
  missingDocuments: [],
  doubledRows: [],
  doubledDocuments: [],
  wrong: [],
};

test("finds nothing with one row per message and one document per valid message", () => {
  expect(reconcile(source, acknowledged, rows, documents)).toEqual(nothing);
});

test("a record without a row, and a valid one without a document, are missing", () => {
  expect(reconcile(source, acknowledged, rows.slice(1), documents)).toEqual({ ...nothing, missingRows: ["t-0-0"] });
  expect(reconcile(source, acknowledged, rows, documents.slice(1))).toEqual({
    ...nothing,
    missingDocuments: ["t-0-0"],
  });
});

test("a published but unacknowledged record must be stored too", () => {
  expect(reconcile(source, [], rows.slice(1), documents).missingRows).toEqual(["t-0-0"]);
});

test("a second row or document of one message is doubled", () => {
  const again = documents.slice(0, 1);
  expect(reconcile(source, acknowledged, [...rows, ...rows.slice(2)], documents)).toEqual({
    ...nothing,
    doubledRows: ["t-1-0"],
  });
  expect(reconcile(source, acknowledged, rows, [...documents, ...again])).toEqual({
    ...nothing,
    doubledDocuments: ["t-0-0"],
  });
});

test("a row of the wrong level is wrong, in both directions", () => {
  const levels: StoredRow[] = [
    { id: "t-0-0", level: "ERROR" },
    { id: "t-0-1", level: "INFO" },
    { id: "t-1-0", level: "INFO" },
  ];
  expect(reconcile(source, acknowledged, levels, documents).wrong).toEqual([
    "t-0-0: a valid message with an ERROR row",
    "t-0-1: a poisoned message with an INFO row",
  ]);
});

test("a document of a poisoned message, with another text or with another vector is wrong", () => {
  const bad: StoredDocument[] = [
    { id: "t-0-0", text: "two", hasOwnVector: true },
    { id: "t-0-1", text: "bad", hasOwnVector: true },
    { id: "t-1-0", text: "two", hasOwnVector: false },
  ];
  expect(reconcile(source, acknowledged, rows, bad).wrong).toEqual([
    "t-0-0: a document with another text",
    "t-0-1: a poisoned message with a document",
    "t-1-0: a document with another vector",
  ]);
});

test("rows and documents without a message are wrong", () => {
  const found = reconcile(
    source,
    acknowledged,
    [...rows, { id: "t-9-9", level: "INFO" }],
    [...documents, { id: "t-9-9", text: "?", hasOwnVector: true }],
  );
  expect(found.wrong).toEqual(["t-9-9: a row without a message", "t-9-9: a document without a message"]);
});

test("an acknowledged message that is not in the topic with its content has vanished", () => {
  const claimed = [...acknowledged, { id: "t-5-0", text: "gone" }, { id: "t-0-0", text: "another" }];
  expect(reconcile(source, claimed, rows, documents).vanished).toEqual(["t-5-0", "t-0-0"]);
});
