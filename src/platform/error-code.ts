import { AppError } from '../core/errors.ts';
import { DatabaseError } from './queryable.ts';

/** A code for `last_error`, metrics and logs. Messages stay out: they may quote what a patient sent. */
export function errorCode(error: unknown): string {
  if (error instanceof AppError) return error.code;
  if (error instanceof DatabaseError) return `sql_${error.code}`;
  const code = error && typeof error === 'object' && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : 'internal';
}

/** What a log may say of a failure: its code and the first line of our own code in its stack, never its message. */
export function failureFields(error: unknown): { error: string; at?: string } {
  const frames = error instanceof Error ? framesOf(error) : '';
  const at = /((?:src|dist|hospital|web)\/[\w./-]+\.[tj]s:\d+):\d+/.exec(frames)?.[1];
  return { error: errorCode(error), ...(at === undefined ? {} : { at }) };
}

/** The stack after the message it opens with: a message may hold anything, also lines that look like frames. */
function framesOf(error: Error): string {
  const start = error.stack?.indexOf(error.message) ?? -1;
  return start === -1 ? '' : (error.stack ?? '').slice(start + error.message.length);
}
