import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';
import type { Pack } from '../core/pack.ts';
import { errorCode } from './error-code.ts';

const text = z.string().min(1);
const pure = z.custom<() => unknown>((value) => typeof value === 'function', 'must be a function');
const formula = z.union([
  z.looseObject({ id: text, title: text, count: z.array(text) }),
  z.looseObject({ id: text, title: text, minutesBetween: z.tuple([z.array(text), z.array(text)]) }),
]);
/** The contract of core/pack.ts, as far as a module's values can show it. */
const contract = z.looseObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be lower case words with hyphens'),
  version: text,
  title: text,
  purpose: text,
  owner: text,
  surfaces: z.array(z.enum(['cds-hooks', 'worklist', 'write-back'])),
  needs: z
    .array(z.looseObject({ type: text, lookBackDays: z.number().positive().optional(), categories: z.array(text).optional() }))
    .min(1),
  triggers: z.array(z.looseObject({ type: text, when: pure, wakeAt: pure.optional() })),
  kpis: z.array(formula),
  document: z.looseObject({ loinc: z.string().regex(/^\d{1,7}-\d$/, 'must be a LOINC code'), title: text }),
  write: pure,
});

/**
 * The packs a site brings beside ours: module names or paths, each exporting `pack`. A module is code that runs in this process with all its
 * rights, so only the configuration names it. Refuses one that cannot be loaded or breaks the contract, naming what, and an id that is taken.
 */
export async function loadSitePacks(modules: readonly string[], own: readonly Pack[], from = process.cwd()): Promise<Pack[]> {
  const packs: Pack[] = [];
  for (const name of modules) {
    const pack = checked(name, await exported(name, from));
    if ([...own, ...packs].some((other) => other.id === pack.id)) throw refusal(name, `its id ${pack.id} is taken`);
    packs.push(pack);
  }
  return packs;
}

async function exported(name: string, from: string): Promise<unknown> {
  let url: string;
  try {
    url = pathToFileURL(isPath(name) ? resolve(from, name) : createRequire(resolve(from, 'package.json')).resolve(name)).href;
  } catch {
    throw refusal(name, `no module of this name is installed in ${from}`);
  }
  try {
    return ((await import(url)) as { pack?: unknown }).pack;
  } catch (cause) {
    throw refusal(name, `it cannot be loaded (${errorCode(cause)})`, cause);
  }
}

function checked(name: string, pack: unknown): Pack {
  if (pack === undefined) throw refusal(name, 'it exports nothing named pack');
  const parsed = contract.safeParse(pack);
  if (parsed.success) return pack as Pack;
  throw refusal(name, parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; '));
}

function isPath(name: string): boolean {
  return /^\.{0,2}\//.test(name);
}

function refusal(name: string, why: string, cause?: unknown): AppError {
  return new AppError('config_invalid', `COUNTERSIGN_PACKS: ${name} is no pack: ${why}`, { cause });
}
