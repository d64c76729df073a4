import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import { type ControlHandler, callControl, serveControl } from './control-socket.ts';

const root = mkdtempSync(join(tmpdir(), 'countersign-control-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(root, 'data-')), 'control.sock');
});

it('carries a verb there and its output, progress and exit code back, in order', async () => {
  const server = await serveControl(path, async ({ verb, args, stdin }, sinks) => {
    sinks.progress('1 of 2');
    sinks.stdout(`${verb} ${args.join('|')}\n`);
    sinks.stdout(stdin ?? '');
    sinks.stderr('é\n');
    return 3;
  });

  const called = await call({ verb: 'run', args: ['documentation', '--patient', 'a b\nc'], stdin: 'ü\n'.repeat(200_000) });
  await server.close();

  expect(called.exit).toBe(3);
  expect(called.seen.slice(0, 2)).toEqual(['progress 1 of 2', 'stdout run documentation|--patient|a b\nc\n']);
  expect(called.seen.at(-1)).toBe('stderr é\n');
  expect(called.seen[2]).toHaveLength('stdout '.length + 600_000 - 200_000);
});

it('is open to its owner alone, and gone after close', async () => {
  const server = await serveControl(path, async () => 0);

  expect(statSync(path).mode & 0o777).toBe(0o600);
  await server.close();
  expect(existsSync(path)).toBe(false);
});

it('says that nobody listens when there is no socket, or one a dead process left', async () => {
  expect((await call({ verb: 'x', args: [] })).exit).toBeUndefined();

  const script = `import { createConnection, createServer } from 'node:net'; createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'));`;
  spawnSync(process.execPath, ['--input-type=module', '-e', script]);

  expect(existsSync(path)).toBe(true);
  expect((await call({ verb: 'x', args: [] })).exit).toBeUndefined();
  const server = await serveControl(path, async () => 0);
  expect((await call({ verb: 'x', args: [] })).exit).toBe(0);
  await server.close();
});

it('refuses a second server where one answers', async () => {
  const first = await serveControl(path, async () => 0);

  await expect(serveControl(path, async () => 1)).rejects.toMatchObject({ code: 'folder_locked' });

  expect((await call({ verb: 'x', args: [] })).exit).toBe(0);
  await first.close();
});

it('tells the sentence of our own errors and only the code of others', async () => {
  const failures = [new AppError('not_found', 'no run has this id'), new Error('Jane Doe has no chart')];
  const server = await serveControl(path, async () => {
    throw failures.shift();
  });

  expect(await call({ verb: 'replay', args: [] })).toEqual({ exit: 1, seen: ['stderr no run has this id\n'] });
  expect(await call({ verb: 'replay', args: [] })).toEqual({ exit: 1, seen: ['stderr failed (internal)\n'] });
  await server.close();
});

it.each(['', '{}', 'null', '{"verb":1,"args":[]}', '{"verb":"x","args":[1]}', '{"verb":"x","args":[],"stdin":1}', 'run'])(
  'answers misuse %j with exit 2',
  async (line) => {
    let handled = false;
    const server = await serveControl(path, async () => {
      handled = true;
      return 0;
    });

    const text = await raw(`${line}\n`);
    await server.close();

    expect(text).toContain('{"exit":2}');
    expect(handled).toBe(false);
  },
);

it('is an error when the server dies half-way', async () => {
  const half = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('{"stdout":"half"}\n', () => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    half.listen(path, resolve);
  });

  await expect(call({ verb: 'import', args: [] })).rejects.toThrow('ended before the verb did');
  half.close();
});

it('tells the handler when its caller went away', async () => {
  let aborted: () => void = () => undefined;
  const told = new Promise<void>((resolve) => {
    aborted = resolve;
  });
  const handler: ControlHandler = async (_request, sinks, signal) => {
    signal.addEventListener('abort', () => aborted());
    sinks.stdout('started');
    await told;
    return 0;
  };
  const server = await serveControl(path, handler);
  const module = new URL('./control-socket.ts', import.meta.url).href;
  const script = `const { callControl } = await import(${JSON.stringify(module)});
    await callControl(${JSON.stringify(path)}, { verb: 'x', args: [] }, { stdout: () => process.kill(process.pid, 'SIGKILL'), stderr() {}, progress() {} });`;
  spawn(process.execPath, ['--input-type=module', '-e', script]);

  await told;
  await server.close();
});

async function call(request: { verb: string; args: string[]; stdin?: string }): Promise<{ exit: number | undefined; seen: string[] }> {
  const seen: string[] = [];
  const exit = await callControl(path, request, {
    stdout: (text) => seen.push(`stdout ${text}`),
    stderr: (text) => seen.push(`stderr ${text}`),
    progress: (text) => seen.push(`progress ${text}`),
  });
  return { exit, seen };
}

async function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = createConnection(path);
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });
}
