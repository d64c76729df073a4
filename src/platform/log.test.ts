import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLog, type LogFields } from './log.ts';

it('writes an event with its allowed fields as one JSON line', () => {
  const [line] = logged((log) =>
    log.info('receipt.stored', { receipt: '0d2f', bytes: 812, milliseconds: 1.5, count: 3n, reason: undefined }),
  );

  expect(JSON.parse(line!)).toEqual({
    level: 'info',
    time: expect.stringMatching(/Z$/),
    event: 'receipt.stored',
    receipt: '0d2f',
    bytes: 812,
    milliseconds: 1.5,
    count: '3',
  });
});

it.each`
  what                       | fields
  ${'a name as a code'}      | ${{ code: 'Doe, Jane' }}
  ${'a name as a reason'}    | ${{ reason: 'Jane Doe' }}
  ${'an HL7 segment'}        | ${{ error: 'PID|1||4711^^^A||Doe^Jane' }}
  ${'a line break'}          | ${{ error: 'Jane\nDoe' }}
  ${'a field of no list'}    | ${{ name: 'Jane' }}
  ${'a message text'}        | ${{ message: 'Jane', body: 'Jane', err: new Error('Jane') }}
  ${'an object'}             | ${{ code: { name: 'Jane' } }}
  ${'an array'}              | ${{ code: ['Jane'] }}
  ${'a token'}               | ${{ token: 'Jane', authorization: 'Jane' }}
  ${'an inherited property'} | ${{ __proto__: { code: 'Jane' } }}
`('never passes $what', ({ fields }) => {
  const [line] = logged((log) => log.error('import.failed', fields as LogFields));

  expect(line).not.toContain('Jane');
  expect(line).not.toContain('Doe');
  expect(JSON.parse(line!)['event']).toBe('import.failed');
});

it('counts what it withheld, so that its author notices', () => {
  const [line] = logged((log) => log.warn('x', { code: 'a b', reason: 'ok', name: 'Jane' } as LogFields));

  expect(JSON.parse(line!)).toMatchObject({ reason: 'ok', withheld: 2 });
});

it('does not take a sentence for an event', () => {
  const [line] = logged((log) => log.info('stored Jane Doe'));

  expect(JSON.parse(line!)['event']).toBe('event.unnamed');
});

it('passes no text with a space, whatever the field', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.constant('Jane Doe'), fc.integer())), (fields) => {
      const [line] = logged((log) => log.info('x', fields as LogFields));

      const { time: _time, level: _level, event: _event, ...rest } = JSON.parse(line!) as Record<string, unknown>;
      for (const value of Object.values(rest)) expect(String(value)).not.toMatch(/\s/);
    }),
  );
});

it('is quiet below its level', () => {
  expect(logged((log) => log.debug('x'))).toEqual([]);
});

function logged(work: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  work(createLog({ write: (line) => lines.push(line) }));
  return lines;
}
