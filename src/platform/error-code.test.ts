import { expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import { errorCode, failureFields } from './error-code.ts';
import { DatabaseError } from './queryable.ts';

it.each([
  [Object.assign(new Error('connect to Jane Doe'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [Object.assign(new Error(), { code: 'Jane Doe' }), 'internal'],
  ['Jane Doe', 'internal'],
  [undefined, 'internal'],
  [new AppError('stale', 'x'), 'stale'],
  [new DatabaseError('23505', 'x'), 'sql_23505'],
])('names %j without its words: %s', (error, code) => {
  expect(errorCode(error)).toBe(code);
});

it('says where, not what', () => {
  const fields = failureFields(new AppError('internal', 'Jane Doe\n    at src/evil.ts:1:1'));

  expect(fields).toEqual({ error: 'internal', at: expect.stringMatching(/^src\/platform\/error-code\.test\.ts:\d+$/) });
});
