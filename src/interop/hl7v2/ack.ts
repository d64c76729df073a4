import { AppError } from '../../core/errors.ts';
import type { Acknowledge, Acknowledgement } from '../../core/ports.ts';
import { escapeText } from './escape.ts';
import {
  afterByteOrderMark,
  componentAt,
  type Delimiters,
  type Hl7Message,
  isEncodingField,
  openMessage,
  type Range,
  rawText,
  repetitionAt,
} from './message.ts';
import { splitMessages } from './split.ts';

/** How this site answers. `now` gives the ISO instant for MSH-7; `sequence` makes MSH-10 unique. */
export type AckOptions = { application: string; facility: string; now(): string; sequence(): string };

/**
 * Fills the port `Acknowledge` (HL7 v2.5.1 §2.9.2). Every message of a payload is acknowledged, in their order, and a batch by a batch (§2.10.3);
 * the code is that of the message that fared worst. Original mode: AA once the receipt is on disk, AR for what is no readable message,
 * AE where storing failed and a resend may help. Where MSH-15 or MSH-16 ask for enhanced mode, the accept codes CA, CR and CE.
 * Names the field at fault, never its content.
 */
export function acknowledger(options: AckOptions): Acknowledge {
  return (bytes, outcome) => {
    const { messages, batch } = splitMessages(bytes);
    const answers = (messages.length > 0 ? messages : [undefined]).map((range) => {
      const opened = open(bytes, range);
      const refusal = outcome.ok ? opened.refusal : { reason: outcome.reason, text: outcome.text };
      const code = refusal === undefined ? 'AA' : refusal.reason === 'not-stored' ? 'AE' : 'AR';
      return answer(options, opened.message, code, refusal);
    });
    const [one, another] = answers;
    if (batch.length === 0 && another === undefined) return one!;
    const [before, after] = envelope(options, bytes, batch, answers.length);
    const worst = WORST_FIRST.find((code) => answers.some((one) => one.code === code))!;
    return { bytes: Buffer.concat([before, ...answers.map((one) => one.bytes), after]), code: worst };
  };
}

const WORST_FIRST = ['AR', 'AE', 'AA'] as const;

/** What stands around the answers to a batch: its headers answered by ours, which name its id (BHS-12, FHS-12), and the trailers that count. */
function envelope(options: AckOptions, bytes: Uint8Array, batch: readonly (Range & { name: string })[], count: number): [Buffer, Buffer] {
  const before: string[] = [];
  const after: string[] = [];
  for (const name of ['FHS', 'BHS']) {
    const sent = batch.find((line) => line.name === name);
    if (!sent) continue;
    const line = Buffer.from(bytes.subarray(sent.start, sent.end)).toString('latin1');
    const f = line[3] ?? '|';
    const fields = line.split(f);
    const [encoding = '', application = '', facility = ''] = fields.slice(1);
    const ours = [
      escapeText(options.application, usual),
      escapeText(options.facility, usual),
      application,
      facility,
      v2Time(options.now()),
    ];
    before.push([name, encoding || '^~\\&', ...ours, '', '', '', options.sequence(), fields[10] ?? ''].join(f));
    after.unshift([name === 'FHS' ? 'FTS' : 'BTS', name === 'FHS' ? 1 : count].join(f));
  }
  const encoded = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\r`).join(''), 'latin1');
  return [encoded(before), encoded(after)];
}

type Refusal = { reason: string; text: string };

const usual: Delimiters = { field: 124, component: 94, repetition: 126, escape: 92, subcomponent: 38, truncation: -1 };

function open(bytes: Uint8Array, range: Range | undefined): { message?: Hl7Message; refusal?: Refusal } {
  if (!range) return { refusal: { reason: 'no-msh', text: 'No MSH segment was found.' } };
  try {
    const message = openMessage(bytes, range.start, range.end);
    if (field(message, 9) !== '') return { message };
    return { message, refusal: { reason: 'type-missing', text: 'MSH-9 is empty.' } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const message = headerOnly(bytes, range);
    const reason = (error.details as { reason?: string } | undefined)?.reason ?? 'unreadable';
    return { ...(message ? { message } : {}), refusal: { reason, text: `${error.message}.` } };
  }
}

/** A message refused for its character set still has a header to answer: the fields before MSH-18, which names the set we do not read. */
function headerOnly(bytes: Uint8Array, range: Range): Hl7Message | undefined {
  const start = afterByteOrderMark(bytes, range.start, range.end);
  let separators = 0;
  let end = start;
  while (end < range.end && bytes[end] !== 13 && bytes[end] !== 10) {
    // MSH-1 is the separator itself, so MSH-18 stands behind the seventeenth.
    if (bytes[end] === bytes[start + 3] && ++separators === 17) break;
    end++;
  }
  const plain = Buffer.from(bytes.subarray(start, end)).map((byte) => (byte > 127 ? 63 : byte));
  try {
    return openMessage(plain);
  } catch {
    return undefined;
  }
}

function answer(
  options: AckOptions,
  message: Hl7Message | undefined,
  code: 'AA' | 'AE' | 'AR',
  refusal: Refusal | undefined,
): Acknowledgement {
  const delimiters = message?.delimiters ?? usual;
  const get = (number: number) => (message ? field(message, number) : '');
  const f = String.fromCharCode(delimiters.field);
  const c = String.fromCharCode(delimiters.component);
  const write = (text: string) => escapeText(text, delimiters);
  const event = message ? component(message, 9, 2) : '';
  const encoding = message ? rawText(message, repetitionAt(message, message.segments[0]!, 2, 1)!) : '^~\\&';
  const asked = accepts(get(15), get(16), refusal);
  const msh = [
    `MSH${f}${encoding}`,
    write(options.application),
    write(options.facility),
    // The sender's own name stands in the receiver's fields, in the sender's own bytes.
    get(3),
    get(4),
    v2Time(options.now()),
    '',
    ['ACK', event, 'ACK'].slice(0, event ? 3 : 1).join(c),
    write(options.sequence()),
    get(11) || 'P',
    get(12) || '2.5.1',
  ];
  const charset = get(18);
  if (charset) msh.push('', '', '', '', '', charset);
  const lines = [msh.join(f), ['MSA', asked ? enhanced[code] : code, get(10)].join(f)];
  // ERR-3 by table 0357, ERR-4 severity, ERR-8 words for the operator (§2.15.5).
  if (refusal) lines.push(['ERR', '', errorPlace(refusal, c), errorCode(refusal, c), 'E', '', '', '', write(refusal.text)].join(f));
  const text = `${lines.join('\r')}\r`;
  return { bytes: Buffer.from(text, message?.charset === 'iso-8859-1' ? 'latin1' : 'utf8'), code };
}

const enhanced = { AA: 'CA', AE: 'CE', AR: 'CR' } as const;

/**
 * Enhanced mode (§2.9.3) where MSH-15 asks for an accept acknowledgement of this outcome and MSH-16 for no application one (table 0155).
 * A sender that asks for both gets the one that says more: the receipt is on disk, which is what AA promises.
 */
function accepts(accept: string, application: string, refusal: Refusal | undefined): boolean {
  return asksFor(accept, refusal) && !asksFor(application, refusal);
}

function asksFor(condition: string, refusal: Refusal | undefined): boolean {
  return condition === 'AL' || (condition === 'SU' && !refusal) || (condition === 'ER' && refusal !== undefined);
}

/** What is wrong and where, by reason: HL7 table 0357 (v2.5.1 §2.15.5.3) and the field of MSH. What is not here is no sequence of segments. */
const faults: Record<string, { code: string; words: string; field?: string }> = {
  'no-delimiters': { code: '101', words: 'Required field missing', field: '2' },
  'delimiters-ambiguous': { code: '102', words: 'Data type error', field: '2' },
  'type-missing': { code: '101', words: 'Required field missing', field: '9' },
  'charset-unsupported': { code: '103', words: 'Table value not found', field: '18' },
  'charset-mismatch': { code: '102', words: 'Data type error', field: '18' },
  'not-stored': { code: '207', words: 'Application internal error' },
};

function errorPlace({ reason }: Refusal, c: string): string {
  const place = faults[reason]?.field;
  return place === undefined ? '' : ['MSH', '1', place].join(c);
}

function errorCode({ reason }: Refusal, c: string): string {
  const { code, words } = faults[reason] ?? { code: '100', words: 'Segment sequence error' };
  return [code, words, 'HL70357'].join(c);
}

function field(message: Hl7Message, number: number): string {
  const header = message.segments[0]!;
  if (isEncodingField(header, number)) return '';
  const range = repetitionAt(message, header, number, 1);
  return range ? rawText(message, range) : '';
}

function component(message: Hl7Message, number: number, part: number): string {
  const range = repetitionAt(message, message.segments[0]!, number, 1);
  const found = range && componentAt(message, range, part);
  return found ? rawText(message, found) : '';
}

function v2Time(iso: string): string {
  return `${iso.slice(0, 19).replaceAll(/[-:T]/g, '')}+0000`;
}
