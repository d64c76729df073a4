import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { killPoint, killPointNames, parseKillPoint } from './kill-points.ts';

const module = new URL('./kill-points.ts', import.meta.url).href;

it('does nothing when unset', () => {
  for (const name of killPointNames) killPoint(name);
});

it('kills the process at the nth passing of the named point and at no other', () => {
  const passed = runPassing('after-commit:3', ['after-commit', 'mid-transaction', 'after-commit', 'after-commit', 'after-commit']);

  expect(passed).toEqual({ signal: 'SIGKILL', seen: '1,2,3,' });
});

it('kills at the first passing by default', () => {
  expect(runPassing('before-write-back', ['after-write-back', 'before-write-back'])).toEqual({ signal: 'SIGKILL', seen: '1,' });
});

it.each(['', 'after-comit', 'after-commit:0', 'after-commit:x'])('refuses %j', (text) => {
  expect(() => parseKillPoint(text)).toThrow('COUNTERSIGN_KILL_AT');
});

function runPassing(setting: string, points: string[]): { signal: string | null; seen: string } {
  const script = `import { writeSync } from 'node:fs';
    const { killPoint } = await import(${JSON.stringify(module)});
    let n = 0;
    for (const point of ${JSON.stringify(points)}) { killPoint(point); n += 1; writeSync(1, n + ','); }`;
  const { signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, COUNTERSIGN_KILL_AT: setting },
    encoding: 'utf8',
  });
  return { signal, seen: stdout };
}
