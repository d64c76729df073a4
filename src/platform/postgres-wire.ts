/*
 * The few messages of PostgreSQL's frontend/backend protocol 3.0 (PostgreSQL documentation, chapter "Message Formats") that the
 * embedded database needs. The worker only carries bytes; both ends of the protocol are read and written here.
 */
import { DatabaseError } from './queryable.ts';

/** Frontend messages; several may be joined with `Buffer.concat` into one trip. */
export const frontend = { parse, describeStatement, bind, execute, sync, simpleQuery, closeStatement };

export type Field = { name: string; oid: number };

/** What one trip brought back. `rows` hold text or null in field order; `fields` is undefined when nothing was described. */
export type Reply = {
  parsed: boolean;
  fields: Field[] | undefined;
  rows: (string | null)[][];
  command: string | undefined;
  status: string | undefined;
  error: DatabaseError | undefined;
};

/** Reads every backend message of one trip. The first error wins; what follows it is the server skipping to Sync. */
export function readReply(bytes: Uint8Array): Reply {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reply: Reply = { parsed: false, fields: undefined, rows: [], command: undefined, status: undefined, error: undefined };
  let at = 0;
  while (at < buffer.length) {
    const type = buffer[at];
    const end = at + 1 + buffer.readInt32BE(at + 1);
    readMessage(type, buffer, at + 5, end, reply);
    at = end;
  }
  return reply;
}

function readMessage(type: number | undefined, buffer: Buffer, start: number, end: number, reply: Reply): void {
  switch (type) {
    case 0x44: // D, DataRow
      reply.rows.push(readDataRow(buffer, start));
      return;
    case 0x54: // T, RowDescription
      reply.fields = readFields(buffer, start);
      return;
    case 0x6e: // n, NoData
      reply.fields = [];
      return;
    case 0x31: // 1, ParseComplete
      reply.parsed = true;
      return;
    case 0x43: // C, CommandComplete
      reply.command = buffer.toString('utf8', start, end - 1);
      return;
    case 0x5a: // Z, ReadyForQuery
      reply.status = String.fromCharCode(buffer[start] ?? 0);
      return;
    case 0x45: // E, ErrorResponse
      reply.error ??= readError(buffer, start, end);
      return;
  }
}

function readDataRow(buffer: Buffer, start: number): (string | null)[] {
  const count = buffer.readInt16BE(start);
  const values = new Array<string | null>(count);
  let at = start + 2;
  for (let i = 0; i < count; i += 1) {
    const length = buffer.readInt32BE(at);
    at += 4;
    if (length < 0) {
      values[i] = null;
    } else {
      values[i] = buffer.toString('utf8', at, at + length);
      at += length;
    }
  }
  return values;
}

function readFields(buffer: Buffer, start: number): Field[] {
  const count = buffer.readInt16BE(start);
  const fields: Field[] = [];
  let at = start + 2;
  for (let i = 0; i < count; i += 1) {
    const end = buffer.indexOf(0, at);
    const name = buffer.toString('utf8', at, end);
    // table oid 4, column 2, type oid 4, size 2, modifier 4, format 2
    fields.push({ name, oid: buffer.readInt32BE(end + 7) });
    at = end + 19;
  }
  return fields;
}

function readError(buffer: Buffer, start: number, end: number): DatabaseError {
  const parts = new Map<string, string>();
  let at = start;
  while (at < end && buffer[at] !== 0) {
    const stop = buffer.indexOf(0, at + 1);
    parts.set(String.fromCharCode(buffer[at] ?? 0), buffer.toString('utf8', at + 1, stop));
    at = stop + 1;
  }
  return new DatabaseError(parts.get('C') ?? 'XX000', parts.get('M') ?? 'the database gave no message', parts.get('n'));
}

function parse(name: string, sql: string): Buffer {
  return message('P', [cString(name), cString(sql), int16(0)]);
}

function describeStatement(name: string): Buffer {
  return message('D', [Buffer.from('S'), cString(name)]);
}

function closeStatement(name: string): Buffer {
  return message('C', [Buffer.from('S'), cString(name)]);
}

function execute(): Buffer {
  return message('E', [cString(''), int32(0)]);
}

function sync(): Buffer {
  return message('S', []);
}

function simpleQuery(sql: string): Buffer {
  return message('Q', [cString(sql)]);
}

/** Text parameters are sent as text, bytes in binary format; every result column comes back as text. */
function bind(statement: string, params: readonly (string | Uint8Array | null)[]): Buffer {
  const formats = Buffer.alloc(2 + params.length * 2);
  formats.writeInt16BE(params.length, 0);
  const values: Uint8Array[] = [int16(params.length)];
  params.forEach((param, i) => {
    if (param === null) {
      values.push(int32(-1));
      return;
    }
    const bytes = typeof param === 'string' ? Buffer.from(param, 'utf8') : param;
    if (typeof param !== 'string') formats.writeInt16BE(1, 2 + i * 2);
    values.push(int32(bytes.length), bytes);
  });
  return message('B', [cString(''), cString(statement), formats, ...values, int16(0)]);
}

function message(type: string, parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(length, 1);
  return Buffer.concat([head, ...parts], length + 1);
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf8');
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
