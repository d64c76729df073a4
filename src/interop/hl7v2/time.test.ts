import { expect, it } from 'vitest';
import { offsetOf, readTime } from './time.ts';

it.each`
  sent                    | messageOffset | feedZone           | text                               | flag
  ${'2026'}               | ${undefined}  | ${undefined}       | ${'2026'}                          | ${undefined}
  ${'202603'}             | ${undefined}  | ${undefined}       | ${'2026-03'}                       | ${undefined}
  ${'20260305'}           | ${undefined}  | ${undefined}       | ${'2026-03-05'}                    | ${undefined}
  ${'202603050815+0100'}  | ${'-0500'}    | ${'+02:00'}        | ${'2026-03-05T08:15:00+01:00'}     | ${undefined}
  ${'20260305081530.125'} | ${'-0500'}    | ${'+02:00'}        | ${'2026-03-05T08:15:30.125-05:00'} | ${undefined}
  ${'20260305081530'}     | ${undefined}  | ${'+02:00'}        | ${'2026-03-05T08:15:30+02:00'}     | ${undefined}
  ${'202601050815'}       | ${undefined}  | ${'Europe/Berlin'} | ${'2026-01-05T08:15:00+01:00'}     | ${undefined}
  ${'202607050815'}       | ${undefined}  | ${'Europe/Berlin'} | ${'2026-07-05T08:15:00+02:00'}     | ${undefined}
  ${'202607050815'}       | ${undefined}  | ${'Asia/Kolkata'}  | ${'2026-07-05T08:15:00+05:30'}     | ${undefined}
  ${'202603290159'}       | ${undefined}  | ${'Europe/Berlin'} | ${'2026-03-29T01:59:00+01:00'}     | ${undefined}
  ${'202603290230'}       | ${undefined}  | ${'Europe/Berlin'} | ${undefined}                       | ${'time-unreadable'}
  ${'202610250230'}       | ${undefined}  | ${'Europe/Berlin'} | ${'2026-10-25'}                    | ${'zone-ambiguous'}
  ${'202603050815'}       | ${undefined}  | ${undefined}       | ${'2026-03-05'}                    | ${'zone-missing'}
  ${'20260230'}           | ${undefined}  | ${undefined}       | ${undefined}                       | ${'time-unreadable'}
  ${'20261301'}           | ${undefined}  | ${undefined}       | ${undefined}                       | ${'time-unreadable'}
  ${'00000000'}           | ${undefined}  | ${undefined}       | ${undefined}                       | ${'time-unreadable'}
  ${'202603052400+0100'}  | ${undefined}  | ${undefined}       | ${undefined}                       | ${'time-unreadable'}
  ${'202603050815+9900'}  | ${undefined}  | ${undefined}       | ${undefined}                       | ${'time-unreadable'}
  ${'2026-03-05'}         | ${undefined}  | ${undefined}       | ${undefined}                       | ${'time-unreadable'}
  ${'yesterday'}          | ${undefined}  | ${undefined}       | ${undefined}                       | ${'time-unreadable'}
`('$sent with $messageOffset and $feedZone is $text $flag', ({ sent, messageOffset, feedZone, text, flag }) => {
  const read = readTime(sent, { messageOffset, feedZone });

  expect(read.text).toBe(text);
  expect(read.flag).toBe(flag);
});

it('orders by the instant, and a zoneless time as if it were UTC', () => {
  expect(readTime('202603050815+0100', {}).orderAt).toBe('2026-03-05T07:15:00.000Z');
  expect(readTime('202603050815', {}).orderAt).toBe('2026-03-05T08:15:00.000Z');
  expect(readTime('202603', {}).orderAt).toBe('2026-03-01T00:00:00.000Z');
});

it('finds the offset of the message', () => {
  expect(offsetOf('20260305081530.1+0530')).toBe('+0530');
  expect(offsetOf('20260305')).toBeUndefined();
});
