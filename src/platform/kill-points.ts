/** The moments at which a killed process must lose nothing it acknowledged and do nothing twice. A closed list: tests name them. */
export const killPointNames = [
  'before-segment-sync',
  'after-segment-sync',
  'mid-transaction',
  'after-commit',
  'before-checkpoint',
  'before-write-back',
  'after-write-back',
  'during-erasure',
] as const;

export type KillPoint = (typeof killPointNames)[number];

/**
 * Kills this process with SIGKILL when `COUNTERSIGN_KILL_AT=name[:n]` names this point and it is passed for the nth time
 * (default 1). Only tests set it; otherwise this is one comparison.
 */
export function killPoint(name: KillPoint): void {
  if (target === undefined || target.name !== name) return;
  target.passes -= 1;
  if (target.passes === 0) process.kill(process.pid, 'SIGKILL');
}

/** Reads `name[:n]`. Refuses a name outside the list: a typing error would be a kill test that kills nothing. */
export function parseKillPoint(text: string): { name: KillPoint; passes: number } {
  const [name, passes = '1'] = text.split(':');
  const known = killPointNames.find((one) => one === name);
  if (known === undefined || !/^[1-9]\d*$/.test(passes))
    throw new Error(`COUNTERSIGN_KILL_AT must be one of ${killPointNames.join(', ')}, then :n`);
  return { name: known, passes: Number(passes) };
}

const setting = process.env['COUNTERSIGN_KILL_AT'];
const target = setting === undefined || setting === '' ? undefined : parseKillPoint(setting);
