import { AppError } from '../../core/errors.ts';

/** JSON as a source wrote it: a number whose text JavaScript would change (`1.10`, `1e3`, 20 digits) is kept as `NumberText`. */
export type Json = null | boolean | string | number | NumberText | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

const stringifier = JSON as unknown as { rawJSON(text: string): unknown };

/** A JSON number by its own text. `JSON.stringify` writes that text back unchanged. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) throw new TypeError('not a JSON number');
    this.text = text;
  }

  toJSON(): unknown {
    return stringifier.rawJSON(this.text);
  }
}

/** A JSON number that keeps its text: a plain number where that is the same, `NumberText` where it is not. */
export function jsonNumber(text: string): number | NumberText {
  const value = Number(text);
  return String(value) === text ? value : new NumberText(text);
}

/** True for a JSON object; a number kept as its text is none. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

/** True for a JSON number, however it is kept. */
export function isNumber(value: Json | undefined): value is number | NumberText {
  return typeof value === 'number' || value instanceof NumberText;
}

/** The source's own text of a primitive: strings as decoded, numbers and booleans as written; undefined for null, objects and lists. */
export function primitiveText(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value instanceof NumberText ? value.text : undefined;
}

/** Parses one JSON text (RFC 8259), numbers as written. Refuses trailing text, repeated keys (two answers to one question) and depth over 100. */
export function parseJson(text: string): Json {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

const MAX_DEPTH = 100;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * A JSON reader over text that can say where it stands, so that one pass gives values and the range of each resource.
 * Positions are UTF-16 units; `byteOffsets` turns them into bytes.
 */
export class JsonReader {
  readonly text: string;
  at: number;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = text.charCodeAt(at) === 0xfeff && at === 0 ? 1 : at;
  }

  space(): void {
    const { text } = this;
    let at = this.at;
    let code = text.charCodeAt(at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at);
    this.at = at;
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) this.fail('text after the end of the JSON value');
  }

  /** Takes one punctuation character, after white space. */
  take(char: number): boolean {
    this.space();
    if (this.text.charCodeAt(this.at) !== char) return false;
    this.at++;
    return true;
  }

  expect(char: number): void {
    if (!this.take(char)) this.fail(`'${String.fromCharCode(char)}' expected`);
  }

  value(depth: number): Json {
    this.space();
    const code = this.text.charCodeAt(this.at);
    if (code === QUOTE) return this.string();
    if (code === 0x7b) return this.object(depth);
    if (code === 0x5b) return this.array(depth);
    if (code === 0x2d || (code >= 0x30 && code <= 0x39)) return this.number();
    if (this.word('true')) return true;
    if (this.word('false')) return false;
    if (this.word('null')) return null;
    return this.fail('a JSON value expected');
  }

  /** Passes over one value by its quotes and brackets alone: for a value that `value` refused. */
  skip(): void {
    const { text } = this;
    let depth = 0;
    do {
      this.space();
      const code = text.charCodeAt(this.at);
      if (Number.isNaN(code)) this.fail('the end came too early');
      if (code === QUOTE) this.skipString();
      else {
        if (code === 0x7b || code === 0x5b) depth++;
        else if (code === 0x7d || code === 0x5d) depth--;
        else if (depth === 0) {
          while (this.at < text.length && !/[,\]}\s]/.test(text[this.at]!)) this.at++;
          return;
        }
        this.at++;
      }
    } while (depth > 0);
  }

  private skipString(): void {
    let at = this.at + 1;
    while (at < this.text.length && this.text.charCodeAt(at) !== QUOTE) at += this.text.charCodeAt(at) === BACKSLASH ? 2 : 1;
    if (at >= this.text.length) this.fail('a string without an end');
    this.at = at + 1;
  }

  /** Visits each member of an object; `visit` must read its value. */
  members(depth: number, visit: (key: string) => void): void {
    if (depth > MAX_DEPTH) this.fail('nested too deeply');
    this.expect(0x7b);
    if (this.take(0x7d)) return;
    do {
      this.space();
      if (this.text.charCodeAt(this.at) !== QUOTE) this.fail('a member name expected');
      const key = this.string();
      this.expect(0x3a);
      this.space();
      visit(key);
    } while (this.take(0x2c));
    this.expect(0x7d);
  }

  /** Visits each item of a list; `visit` must read its value. */
  items(depth: number, visit: (index: number) => void): void {
    if (depth > MAX_DEPTH) this.fail('nested too deeply');
    this.expect(0x5b);
    if (this.take(0x5d)) return;
    let index = 0;
    do {
      this.space();
      visit(index++);
    } while (this.take(0x2c));
    this.expect(0x5d);
  }

  string(): string {
    const { text } = this;
    const start = this.at + 1;
    const close = text.indexOf('"', start);
    if (close < 0) this.fail('a string without an end');
    // The common case first: nothing escaped before the closing quote.
    let slashed = false;
    for (let at = start; at < close; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH) {
        slashed = true;
        break;
      }
      if (code < 0x20) this.fail('a control character in a string');
    }
    if (!slashed) {
      this.at = close + 1;
      return text.slice(start, close);
    }
    return this.escaped(start);
  }

  private escaped(start: number): string {
    const { text } = this;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (Number.isNaN(code)) this.fail('a string without an end');
      if (code === QUOTE) break;
      at += code === BACKSLASH ? 2 : 1;
    }
    this.at = at + 1;
    try {
      return JSON.parse(text.slice(start - 1, at + 1)) as string;
    } catch {
      return this.fail('a string with a bad escape');
    }
  }

  private object(depth: number): JsonObject {
    const result: JsonObject = {};
    this.members(depth, (key) => {
      // `__proto__` as a plain assignment would set the prototype, not a member.
      if (key === '__proto__') this.fail('a member named __proto__');
      if (result[key] !== undefined && Object.hasOwn(result, key)) this.fail('a member given twice');
      result[key] = this.value(depth + 1);
    });
    return result;
  }

  private array(depth: number): Json[] {
    const result: Json[] = [];
    this.items(depth, () => result.push(this.value(depth + 1)));
    return result;
  }

  private number(): number | NumberText {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    if (!found) return this.fail('a number expected');
    this.at += found[0].length;
    return jsonNumber(found[0]);
  }

  private word(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  /** Says where, never what: the text may be a patient's. */
  fail(reason: string): never {
    throw new AppError('message_unreadable', `JSON not readable at character ${this.at}: ${reason}`);
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
