import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { AppError } from '../core/errors.ts';
import type { Args } from './verb.ts';

/** An option's text; undefined when it was not given or is empty. */
export function textOf(value: Args[string]): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An instant in UTC; undefined when none was given. Refuses a time without a zone: it would be another one elsewhere. */
export function instantOf(value: Args[string]): string | undefined {
  const given = textOf(value);
  if (given === undefined) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d\d:\d\d)$/.test(given) || Number.isNaN(Date.parse(given)))
    throw new AppError('request_invalid', 'a time is ISO 8601 with a zone, such as 2026-11-22T09:00:00Z');
  return new Date(given).toISOString();
}

/** The option as an absolute path: a live server works in another folder than whoever types. */
export function absolutePath(options: Args, name: string): Args {
  const path = textOf(options[name]);
  return path ? { [name]: resolve(path) } : {};
}

/** Reads `--port`; refuses what is none. */
export function readPort(value: string): number {
  const number = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number <= 65_535)) throw new InvalidArgumentError('a port is a number from 0 to 65535');
  return number;
}

/** Reads a number of things; refuses fractions and what is below none. */
export function readCount(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('give a whole number');
  return Number(value);
}

/** Reads a calendar day; refuses one that does not exist. */
export function readDay(value: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value) || !isDay(value)) throw new InvalidArgumentError('a day is written 2026-11-22');
  return value;
}

/** Gathers an option that may be given several times. */
export function readSeveral(value: string, before: string[]): string[] {
  return [...before, value];
}

/** All of standard input as text. */
export async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
