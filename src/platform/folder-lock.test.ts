import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { isFolderLocked, lockFolder } from './folder-lock.ts';

const module = new URL('./folder-lock.ts', import.meta.url).href;
const linux = existsSync('/proc/self/stat');
const root = mkdtempSync(join(tmpdir(), 'countersign-lock-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'data-'));
});

describe('a live holder', () => {
  it('refuses a second one in the same process, and lets it in after release', () => {
    const lock = lockFolder(folder);

    expect(isFolderLocked(folder)).toBe(true);
    expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'folder_locked' }));
    lock.release();
    expect(isFolderLocked(folder)).toBe(false);
    lockFolder(folder).release();
  });

  it('refuses another process and says what to do instead', async () => {
    const holder = await hold(folder);

    expect(() => lockFolder(folder)).toThrow(new RegExp(`process ${holder.pid} serves .* control socket`));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  });
});

describe('a dead holder', () => {
  it('R22: is taken over as soon as its holder is killed, 50 times', async () => {
    let holder = await hold(folder);
    for (let i = 0; i < 50; i += 1) {
      const next = spawnHolder(folder, true);
      await once(next.stdout!, 'data');
      holder.kill('SIGKILL');
      next.stdin!.write('go\n');
      const [answer] = (await once(next.stdout!, 'data')) as [Buffer];
      expect(String(answer)).toContain('held');
      holder = next;
    }
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  });

  it.runIf(linux)('is known as dead while it is a zombie whose pid still answers', async () => {
    // The shell starts a child that holds the lock, is killed, and is not waited for: it stays a zombie until the shell ends.
    const script = `"${process.execPath}" --input-type=module -e '${holderScript(folder, false)}' & child=$!; echo $child; while :; do read -t 1 line; done`;
    const shell = spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const pid = Number(String((await once(shell.stdout!, 'data'))[0]).split('\n')[0]);
    await until(() => isFolderLocked(folder));
    // A stopped shell cannot reap, as a busy parent may not for a while.
    process.kill(shell.pid!, 'SIGSTOP');
    process.kill(pid, 'SIGKILL');
    await until(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.startsWith('Z'));

    try {
      expect(process.kill(pid, 0)).toBe(true);
      lockFolder(folder).release();
    } finally {
      shell.kill('SIGKILL');
      await once(shell, 'exit');
    }
  });

  it.runIf(linux).each`
    what                             | change
    ${'whose pid is now another'}    | ${{ startedAt: '1' }}
    ${'of an earlier boot'}          | ${{ bootId: '00000000-0000-0000-0000-000000000000' }}
    ${'whose pid belongs to nobody'} | ${{ pid: 4_194_999 }}
  `('$what is taken over', ({ change }) => {
    lockFolder(folder);
    const [name] = readdirSync(folder);
    writeFileSync(join(folder, name!), JSON.stringify({ ...JSON.parse(readFileSync(join(folder, name!), 'utf8')), ...change }));

    lockFolder(folder);

    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('whose claim a power loss cut off is taken over', () => {
    writeFileSync(join(folder, 'lock.torn'), '{"pid":');

    lockFolder(folder).release();

    expect(readdirSync(folder)).toEqual([]);
  });
});

it('lets at most one of many in at once', async () => {
  for (let round = 0; round < 4; round += 1) {
    const contenders = Array.from({ length: 4 }, () => spawnHolder(folder, true));
    await Promise.all(contenders.map((one) => once(one.stdout!, 'data')));
    const answers = contenders.map(async (one) => String((await once(one.stdout!, 'data'))[0]));
    for (const one of contenders) one.stdin!.write('go\n');
    const held = (await Promise.all(answers)).filter((answer) => answer.includes('held'));
    for (const one of contenders) one.kill('SIGKILL');
    await Promise.all(contenders.map((one) => (one.exitCode === null && one.signalCode === null ? once(one, 'exit') : undefined)));

    expect(held.length).toBeLessThanOrEqual(1);
  }
});

async function hold(target: string): Promise<ChildProcess> {
  const child = spawnHolder(target, false);
  await once(child.stdout!, 'data');
  return child;
}

function spawnHolder(target: string, waits: boolean): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', holderScript(target, waits)], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** A process that locks the folder, at once or when told, says so and stays. */
function holderScript(target: string, waits: boolean): string {
  const take = `try { lockFolder("${target}"); console.log("held"); } catch (error) { console.log(error.code); }`;
  const when = waits ? `console.log("ready"); process.stdin.once("data", () => { ${take} });` : take;
  return `import { lockFolder } from "${module}"; ${when} setInterval(() => {}, 1000);`;
}

async function until(reached: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!reached()) {
    if (Date.now() > deadline) throw new Error('waited 10 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
