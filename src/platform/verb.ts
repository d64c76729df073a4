import { AppError } from '../core/errors.ts';
import { DatabaseError } from './database.ts';
import { failureFields } from './error-code.ts';

/** Where a verb writes: results, complaints, progress; `gone` is true when nobody reads any more. */
export type Io = { out(text: string): void; err(text: string): void; progress(text: string): void; gone?(): boolean };
/** What was typed, by the long name of the option in camel case. */
export type Args = { [name: string]: string | number | boolean | string[] | undefined };
/** The work of a verb over what it needs of the house. Exit codes: 0 fine, 1 failed, 2 misused. */
export type Verb<House> = (house: House, args: Args, io: Io) => Promise<number>;

/** Runs one verb in this process; what went wrong as it may is one line and exit 1, or 2 where the command was misused. */
export async function performVerb(work: () => Promise<number>, io: Io): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const { line, exit } = explainFailure(error);
    io.err(line);
    return exit;
  }
}

/** The line and exit code of an error, the same through a live server and directly; never a message that may quote a record. */
export function explainFailure(error: unknown): { line: string; exit: number } {
  if (error instanceof AppError) {
    return { line: error.message, exit: error.code === 'config_invalid' || error.code === 'request_invalid' ? 2 : 1 };
  }
  if (error instanceof DatabaseError && UNREACHABLE.test(error.code)) return { line: error.message, exit: 1 };
  const { code = '', path, address, port } = (error ?? {}) as NodeJS.ErrnoException & { address?: string; port?: number };
  if (path !== undefined && FILE_TROUBLES[code]) return { line: `${path}: ${FILE_TROUBLES[code]}`, exit: 1 };
  if (port !== undefined && DOOR_TROUBLES[code]) return { line: `${address}:${port}: ${DOOR_TROUBLES[code]}`, exit: 1 };
  const failure = failureFields(error);
  return { line: `this failed for a reason of ours (${failure.error}${failure.at ? ` at ${failure.at}` : ''})`, exit: 1 };
}

const FILE_TROUBLES: { [code: string]: string } = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this may not be opened',
  EISDIR: 'this is a folder, not a file',
  ENOTDIR: 'a part of this path is no folder',
  ENOSPC: 'the disk is full',
  EROFS: 'this disk is read-only',
};
const DOOR_TROUBLES: { [code: string]: string } = {
  EADDRINUSE: 'something else listens here already: stop it, or choose another with --port or --mllp-port',
  EACCES: 'this user may not listen here: choose a port above 1023 with --port or --mllp-port',
  EADDRNOTAVAIL: 'this is no address of this machine',
};
/** SQLSTATE classes about reaching the server: its sentence names the server, a user or a database, never what is stored. */
const UNREACHABLE = /^(08|28|3D|53|57P)/;
