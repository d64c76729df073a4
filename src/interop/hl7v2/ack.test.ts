import { expect, it } from 'vitest';
import { acknowledger } from './ack.ts';

const ack = acknowledger({ application: 'COUNTERSIGN', facility: 'CITY', now: () => '2026-03-05T07:15:00.000Z', sequence: () => 'A1' });
const usual = 'MSH|^~\\&|NORTHLAB|NORTH|EHR|CITY|20260305081500+0100||ORU^R01^ORU_R01|C77|P|2.5.1';

it('answers AA to the sender with its control id, event, processing and version', () => {
  const answer = ack(Buffer.from(`${usual}\rPID|1||7\r`), { ok: true });

  expect(answer.code).toBe('AA');
  expect(text(answer.bytes)).toBe('MSH|^~\\&|COUNTERSIGN|CITY|NORTHLAB|NORTH|20260305071500+0000||ACK^R01^ACK|A1|P|2.5.1\rMSA|AA|C77\r');
});

it.each`
  why                      | bytes                                | ok       | code    | msa
  ${'no message'}          | ${'hello'}                           | ${true}  | ${'AR'} | ${'MSA|AR|'}
  ${'no bytes'}            | ${''}                                | ${true}  | ${'AR'} | ${'MSA|AR|'}
  ${'no message type'}     | ${'MSH|^~\\&|A|B|||||'}              | ${true}  | ${'AR'} | ${'MSA|AR|'}
  ${'a strange charset'}   | ${`${usual}${'|'.repeat(6)}BIG-5\r`} | ${true}  | ${'AR'} | ${'MSA|AR|C77'}
  ${'a failed store'}      | ${usual}                             | ${false} | ${'AE'} | ${'MSA|AE|C77'}
  ${'accept acks asked'}   | ${`${usual}|||AL|NE\r`}              | ${true}  | ${'AA'} | ${'MSA|CA|C77'}
  ${'both acks asked'}     | ${`${usual}|||AL|AL\r`}              | ${true}  | ${'AA'} | ${'MSA|AA|C77'}
  ${'accept ack on error'} | ${`${usual}|||ER|NE\r`}              | ${true}  | ${'AA'} | ${'MSA|AA|C77'}
  ${'an error then'}       | ${`${usual}|||ER|NE\r`}              | ${false} | ${'AE'} | ${'MSA|CE|C77'}
`('answers $why with $msa', ({ bytes, ok, code, msa }) => {
  const answer = ack(Buffer.from(bytes), ok ? { ok: true } : { ok: false, reason: 'not-stored', text: 'The receipt could not be stored.' });

  expect(answer.code).toBe(code);
  expect(text(answer.bytes).split('\r')[1]).toMatch(new RegExp(`^${msa.replaceAll('|', '\\|')}`));
});

it('names the field at fault, and nothing of the patient', () => {
  const answer = ack(Buffer.from('MSH|^~\\&|A|B|||||\rPID|1||77||SECRET^NAME\r'), { ok: true });

  expect(text(answer.bytes)).toContain('ERR||MSH^1^9|101^Required field missing^HL70357|E');
  expect(text(answer.bytes)).not.toContain('SECRET');
});

it.each`
  why                      | bytes                                               | error
  ${'no message'}          | ${'hello'}                                          | ${'ERR|||100^Segment sequence error^HL70357|E||||No MSH segment was found.'}
  ${'no delimiters'}       | ${'MSH|ABCD|LAB'}                                   | ${'ERR||MSH^1^2|101^Required field missing^HL70357|E'}
  ${'one character twice'} | ${'MSH|^^\\&|LAB'}                                  | ${'ERR||MSH^1^2|102^Data type error^HL70357|E'}
  ${'a strange charset'}   | ${`${usual}${'|'.repeat(6)}BIG-5\r`}                | ${'ERR||MSH^1^18|103^Table value not found^HL70357|E'}
  ${'another charset'}     | ${Buffer.from(`${usual}\rPID|1||7||DÖE`, 'latin1')} | ${'ERR||MSH^1^18|102^Data type error^HL70357|E'}
  ${'other separators'}    | ${'MSH#*+?!#A#B#####\r'}                            | ${'ERR##MSH*1*9#101*Required field missing*HL70357#E'}
`('says of $why what is wrong and where', ({ bytes, error }) => {
  expect(text(ack(Buffer.from(bytes), { ok: true }).bytes)).toContain(error);
});

it('acknowledges each message of several in one frame, in their order', () => {
  const two = `${usual}\rPID|1||7\r${usual.replace('C77', 'C78').replace('ORU^R01^ORU_R01', '')}\rPID|1||8\r`;
  const answer = ack(Buffer.from(two), { ok: true });

  expect(segments(answer.bytes, 'MSA')).toEqual(['MSA|AA|C77', 'MSA|AR|C78']);
  expect(answer.code).toBe('AR');
  expect(segments(ack(Buffer.from(two), { ok: false, reason: 'not-stored', text: 'Not stored.' }).bytes, 'MSA')).toEqual([
    'MSA|AE|C77',
    'MSA|AE|C78',
  ]);
});

it('answers a batch with a batch that names it (HL7 v2.5.1 §2.10.3)', () => {
  const header = (name: string, id: string) => `${name}|^~\\&|NORTHLAB|NORTH|EHR|CITY|20260305||||${id}`;
  const messages = [usual, usual.replace('C77', 'C78')];
  const batch = [header('FHS', 'F1'), header('BHS', 'B1'), ...messages, 'BTS|2', 'FTS|1', ''].join('\r');

  expect(text(ack(Buffer.from(batch), { ok: true }).bytes).split('\r')).toEqual([
    'FHS|^~\\&|COUNTERSIGN|CITY|NORTHLAB|NORTH|20260305071500+0000||||A1|F1',
    'BHS|^~\\&|COUNTERSIGN|CITY|NORTHLAB|NORTH|20260305071500+0000||||A1|B1',
    expect.stringMatching(/^MSH.*ACK/),
    'MSA|AA|C77',
    expect.stringMatching(/^MSH.*ACK/),
    'MSA|AA|C78',
    'BTS|2',
    'FTS|1',
    '',
  ]);
  const alone = text(ack(Buffer.from(batch.split('\r').slice(1, 3).join('\r')), { ok: true }).bytes);
  expect(alone.split('\r').map((line) => line.slice(0, 3))).toEqual(['BHS', 'MSH', 'MSA', 'BTS', '']);
});

it('answers in the delimiters and character set it was asked in', () => {
  const bytes = Buffer.from(
    `MSH#*+?!#Labor Süd#NORTH#######20#P#2.5.1######8859/1\rPID#1\r`.replace('#######20', '#####ORU*R01#C1'),
    'latin1',
  );
  const answer = ack(bytes, { ok: true });

  expect(Buffer.from(answer.bytes).toString('latin1')).toMatch(/^MSH#\*\+\?!#COUNTERSIGN#CITY#Labor Süd#NORTH#/);
  expect(Buffer.from(answer.bytes).toString('latin1')).toContain('MSA#AA#C1');
});

function segments(bytes: Uint8Array, name: string): string[] {
  return text(bytes)
    .split('\r')
    .filter((line) => line.startsWith(name));
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
