import { InvalidArgumentError } from "commander";

/** Parsers for options that several commands share. */

export function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new InvalidArgumentError("Not a URL such as http://127.0.0.1:8080.");
}

export function parsePositive(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 100_000) return value;
  throw new InvalidArgumentError("Not a number above 0 and up to 100000.");
}

export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`Not a whole number from ${minimum} to ${maximum}.`);
  };
}

/** `0.1%` or `0.1` is 0.001. */
export function parsePercent(text: string): number {
  const [, amount] = /^(\d{1,3}(?:\.\d{1,6})?)%?$/.exec(text) ?? [];
  if (amount === undefined || Number(amount) > 100) throw new InvalidArgumentError("Not a percentage such as 0.1%.");
  return Number(amount) / 100;
}
