import { componentAt, fieldRange, openMessage, type Range, rawText, repetitionAt, type Segment } from '../src/interop/hl7v2/message.ts';
import type { Bench, BenchOptions, BenchRow } from './bench.ts';

/**
 * Splits small results and reads MSH-9/10, PID-3/5 and every OBX-3/5, on one core. The floor in the same run decodes the whole message
 * and cuts it with String.split, which knows neither byte ranges nor repetitions nor escapes.
 */
export const bench: Bench = {
  name: 'parse-hl7',
  async *run(options: BenchOptions): AsyncIterable<BenchRow> {
    const n = options.size ?? (options.full ? 2_000_000 : 300_000);
    const messages = Array.from({ length: 1_000 }, (_, i) => resultMessage(i));
    const size = Math.round(messages.reduce((sum, bytes) => sum + bytes.length, 0) / messages.length);
    const expected = naive(messages[7]!).join();
    if (ours(messages[7]!).join() !== expected) throw new Error('the two readers disagree');
    time(messages, 20_000, ours);
    time(messages, 20_000, naive);
    const rates = time(messages, n, ours);
    const floor = time(messages, n, naive);
    yield {
      name: 'parse-hl7',
      metric: 'small_messages_per_s',
      value: Math.round(rates),
      unit: 'messages/s',
      clock: 'processor',
      budget: 100_000,
      floor: Math.round(floor),
      ratio: Number((rates / floor).toFixed(2)),
      n,
      size,
    };
  },
};

function ours(bytes: Uint8Array): string[] {
  const message = openMessage(bytes);
  const read: string[] = [];
  for (const segment of message.segments) {
    if (segment.name === 'OBX') read.push(text(segment, 3), text(segment, 5));
    else if (segment.name === 'MSH') read.push(text(segment, 9), text(segment, 10));
    else if (segment.name === 'PID') read.push(first(segment, 3), text(segment, 5));
  }
  return read;

  function text(segment: Segment, field: number): string {
    const range = fieldRange(message, segment, field);
    return range ? rawText(message, range) : '';
  }
  function first(segment: Segment, field: number): string {
    const range: Range | undefined = repetitionAt(message, segment, field, 1);
    const part = range && componentAt(message, range, 1);
    return part ? rawText(message, part) : '';
  }
}

function naive(bytes: Uint8Array): string[] {
  const read: string[] = [];
  for (const line of new TextDecoder().decode(bytes).split('\r')) {
    const fields = line.split('|');
    if (fields[0] === 'OBX') read.push(fields[3] ?? '', fields[5] ?? '');
    else if (fields[0] === 'MSH') read.push(fields[8] ?? '', fields[9] ?? '');
    else if (fields[0] === 'PID') read.push((fields[3] ?? '').split('~')[0]!.split('^')[0]!, fields[5] ?? '');
  }
  return read;
}

/** Messages a second of processor time: the budget is per core, and other work on the machine is none of the parser's. */
function time(messages: Uint8Array[], n: number, read: (bytes: Uint8Array) => string[]): number {
  const start = process.cpuUsage();
  let fields = 0;
  for (let i = 0; i < n; i++) fields += read(messages[i % messages.length]!).length;
  const used = process.cpuUsage(start);
  const seconds = (used.user + used.system) / 1_000_000;
  if (fields < n) throw new Error('nothing was read');
  return n / seconds;
}

function resultMessage(i: number): Uint8Array {
  const results = ['2823-3^Potassium^LN', '2951-2^Sodium^LN', '2160-0^Creatinine^LN', '718-7^Hemoglobin^LN'];
  return Buffer.from(
    [
      `MSH|^~\\&|NORTHLAB|NORTH|EHR|CITY|20260301081500+0100||ORU^R01^ORU_R01|C${i}|P|2.5.1|||||||UNICODE UTF-8`,
      `PID|1||${100000 + i}^^^NORTH&2.16.840.1.113883.3.9999.1&ISO^MR~${i}^^^STATE^SS||DOE^JANE^Q||19570314|F|||12 MAIN ST^^SPRINGFIELD^IL^62701`,
      'PV1|1|O|CLINIC^1^1',
      `OBR|1|P${i}|F${i}|24323-8^Panel^LN|||20260301073000+0100|||||||||||||||20260301081400+0100||LAB|F`,
      ...results.map((code, j) => `OBX|${j + 1}|NM|${code}||${(i % 90) + j}.10|mmol/L|3.5-5.1|N|||F|||20260301073000+0100`),
      '',
    ].join('\r'),
  );
}
