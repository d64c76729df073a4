import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { fieldCount, fieldRange, type Hl7Message, openMessage, rawText, repetitions, segmentAt, segmentsNamed } from './message.ts';
import { splitMessages } from './split.ts';

describe('openMessage', () => {
  it.each`
    why                         | header
    ${'the usual delimiters'}   | ${'MSH|^~\\&|'}
    ${'a truncation character'} | ${'MSH|^~\\&#|'}
    ${'any other delimiters'}   | ${'MSH#*+?!#'}
    ${'no subcomponent'}        | ${'MSH|^~\\|'}
    ${'component only'}         | ${'MSH|^|'}
  `('reads $why', ({ header }: { header: string }) => {
    const field = header[3]!;
    const message = open(`${header}LAB${field}NORTH\rPID${field}1${field}${field}77${header[4]}x\r`);

    expect(message.delimiters.field).toBe(field.charCodeAt(0));
    expect(at(message, 'MSH', 1)).toBe(field);
    expect(at(message, 'MSH', 2)).toBe(header.slice(4, -1));
    expect(at(message, 'MSH', 3)).toBe('LAB');
    expect(at(message, 'PID', 3)).toBe(`77${header[4]}x`);
    expect(at(message, 'PID', 4)).toBeUndefined();
  });

  it.each`
    why                              | text                                                  | flag
    ${'a doubled backslash'}         | ${'MSH|^~\\\\&|LAB'}                                  | ${'delimiters-doubled'}
    ${'a missing escape character'}  | ${'MSH|^~&|LAB'}                                      | ${'escape-missing'}
    ${'a line feed inside a text'}   | ${'MSH|^~\\&|LAB\rOBX|1|TX|a||one\nand two\rPID|1\r'} | ${'line-feed-in-segment'}
    ${'a line that is no segment'}   | ${'MSH|^~\\&|LAB\rwhat is this\rPID|1\r'}             | ${'segment-unreadable'}
    ${'UTF-8 that was not declared'} | ${'MSH|^~\\&|LAB\rPID|1||2||Müller\r'}                | ${'charset-assumed'}
  `('tolerates and flags $why', ({ text, flag }: { text: string; flag: string }) => {
    expect(open(text).flags).toEqual([flag]);
  });

  it.each`
    why                               | text                                    | reason
    ${'no MSH'}                       | ${'PID|1||77\r'}                        | ${'no-msh'}
    ${'nothing'}                      | ${''}                                   | ${'no-msh'}
    ${'no encoding characters'}       | ${'MSH||LAB'}                           | ${'no-delimiters'}
    ${'letters as delimiters'}        | ${'MSH|ab|LAB'}                         | ${'no-delimiters'}
    ${'one character used twice'}     | ${'MSH|^~\\^|LAB'}                      | ${'delimiters-ambiguous'}
    ${'an unknown character set'}     | ${'MSH|^~\\&|||||||||||||||BIG-5\r'}    | ${undefined}
    ${'the character U+0000'}         | ${'MSH|^~\\&|LAB\rOBX|1|ST|a\u0000b\r'} | ${'null-character'}
    ${'an unsupported character set'} | ${`MSH|^~\\&${'|'.repeat(16)}BIG-5\r`}  | ${'charset-unsupported'}
  `('refuses $why', ({ text, reason }: { text: string; reason: string | undefined }) => {
    if (reason === undefined) return void expect(open(text)).toBeDefined();
    expect(reasonOf(() => open(text))).toBe(reason);
  });

  it('refuses bytes that are not in the declared or default character set, and reads ISO-8859-1 where it is declared', () => {
    const latin = (msh18: string) => Buffer.from(`MSH|^~\\&${'|'.repeat(16)}${msh18}\rPID|1||2||M\xfcller\r`, 'latin1');

    expect(reasonOf(() => openMessage(latin('')))).toBe('charset-mismatch');
    expect(reasonOf(() => openMessage(latin('UNICODE UTF-8')))).toBe('charset-mismatch');
    expect(at(openMessage(latin('8859/1')), 'PID', 5)).toBe('Müller');
  });

  it.each(['\r', '\n', '\r\n'])('reads segments that end in %j and counts them per name', (end) => {
    const message = open(['MSH|^~\\&|LAB', 'OBX|1', 'NTE|1', 'OBX|2', ''].join(end));

    expect(message.segments.map((segment) => `${segment.name}${segment.ordinal}`)).toEqual(['MSH1', 'OBX1', 'NTE1', 'OBX2']);
    expect(rawText(message, segmentAt(message, 'OBX', 2)!)).toBe('OBX|2');
  });

  it('skips a byte order mark and keeps offsets in the stored bytes', () => {
    const bytes = Buffer.from('\ufeffMSH|^~\\&|LAB\rPID|1\r');
    const message = openMessage(bytes);

    const pid = segmentsNamed(message, 'PID')[0]!;
    expect(bytes.subarray(pid.start, pid.end).toString()).toBe('PID|1');
  });

  it('gives one empty repetition for an empty field and never splits MSH-2', () => {
    const message = open('MSH|^~\\&|LAB\rPID|1||a~b~\r');

    expect(repetitions(message, message.segments[0]!, 2)).toHaveLength(1);
    expect(repetitions(message, segmentAt(message, 'PID')!, 2)).toHaveLength(1);
    expect(repetitions(message, segmentAt(message, 'PID')!, 3)).toHaveLength(3);
    expect(fieldCount(message, segmentAt(message, 'PID')!)).toBe(3);
    expect(fieldCount(message, message.segments[0]!)).toBe(3);
  });
});

describe('splitMessages', () => {
  const one = 'MSH|^~\\&|LAB\rPID|1\r';
  const two = 'MSH|^~\\&|LAB\nPID|2\n';

  it.each`
    why                      | text                                                      | messages | batch
    ${'one message'}         | ${one}                                                    | ${1}     | ${0}
    ${'two in a row'}        | ${one + two}                                              | ${2}     | ${0}
    ${'blank lines between'} | ${`${one}\r\n\r\n${two}`}                                 | ${2}     | ${0}
    ${'MLLP frames'}         | ${`\x0b${one}\x1c\r\x0b${two}\x1c\r`}                     | ${2}     | ${0}
    ${'a batch file'}        | ${`FHS|^~\\&|A\rBHS|^~\\&|A\r${one}${two}BTS|2\rFTS|1\r`} | ${2}     | ${4}
    ${'byte order marks'}    | ${`\ufeff${one}\ufeff${two}`}                             | ${2}     | ${0}
    ${'something before'}    | ${`hello\r\n${one}`}                                      | ${1}     | ${0}
    ${'no message at all'}   | ${'hello'}                                                | ${0}     | ${0}
    ${'MSH inside a text'}   | ${'MSH|^~\\&|LAB\rOBX|1|TX|a||see MSH|2\r'}               | ${1}     | ${0}
    ${'no bytes'}            | ${''}                                                     | ${0}     | ${0}
  `('accounts for every byte of $why', ({ text, messages, batch }: { text: string; messages: number; batch: number }) => {
    const bytes = Buffer.from(text);
    const file = splitMessages(bytes);

    expect(file.messages).toHaveLength(messages);
    expect(file.batch).toHaveLength(batch);
    const covered = new Uint8Array(bytes.length);
    for (const range of [...file.messages, ...file.batch, ...file.rest]) for (let i = range.start; i < range.end; i++) covered[i]!++;
    expect(covered.every((count) => count === 1)).toBe(true);
    for (const range of file.messages) expect(openMessage(bytes, range.start, range.end).segments.length).toBe(2);
  });
});

function open(text: string): Hl7Message {
  return openMessage(Buffer.from(text));
}

function at(message: Hl7Message, name: string, field: number): string | undefined {
  const range = fieldRange(message, segmentAt(message, name)!, field);
  return range && rawText(message, range);
}

function reasonOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error instanceof AppError ? (error.details as { reason: string }).reason : error;
  }
  return 'not refused';
}
