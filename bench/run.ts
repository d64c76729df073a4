import { readdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Bench, BenchOptions } from './bench.ts';

const USAGE = 'usage: npm run -s bench -- [<name>|all] [--size N] [--full] [--metric NAME] [--database postgres|pglite] [--json]';

process.exitCode = await main(process.argv.slice(2));

/** Runs one bench, or all; without a name lists them. One JSON object a line. Returns the exit code: 0 fine, 1 failed, 2 misused. */
async function main(args: string[]): Promise<number> {
  const asked = readArguments(args);
  if (asked === undefined) return misused(USAGE);
  const names = await listBenches();
  if (asked.name === undefined) {
    process.stdout.write(`${names.join('\n')}\n`);
    return 0;
  }
  if (asked.name !== 'all' && !names.includes(asked.name))
    return misused(`no bench is called ${asked.name}; there are ${names.join(', ')}`);
  let failed = false;
  for (const name of asked.name === 'all' ? names : [asked.name]) {
    failed = !(await runOne(name, asked.options)) || failed;
  }
  return failed ? 1 : 0;
}

async function runOne(name: string, options: BenchOptions): Promise<boolean> {
  try {
    const { bench } = (await import(`./${name}.ts`)) as { bench: Bench };
    for await (const row of bench.run(options)) {
      if (options.metric === undefined || row.metric === options.metric) process.stdout.write(`${JSON.stringify(row)}\n`);
    }
    return true;
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.stack : String(error)}\n`);
    return false;
  }
}

/** Every file here is a bench, save this one and the types. */
async function listBenches(): Promise<string[]> {
  const files = await readdir(new URL('.', import.meta.url));
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !['run.ts', 'bench.ts'].includes(file))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

function readArguments(args: string[]): { name: string | undefined; options: BenchOptions } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        size: { type: 'string' },
        full: { type: 'boolean' },
        metric: { type: 'string' },
        database: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
    const size = values.size === undefined ? undefined : Number(values.size);
    const database = databaseOf(values.database);
    if (positionals.length > 1 || database === 'unknown' || (size !== undefined && !(Number.isSafeInteger(size) && size > 0)))
      return undefined;
    return {
      name: positionals[0],
      options: {
        full: values.full === true,
        ...(size === undefined ? {} : { size }),
        ...(values.metric === undefined ? {} : { metric: values.metric }),
        ...(database === undefined ? {} : { database }),
      },
    };
  } catch {
    return undefined;
  }
}

function databaseOf(text: string | undefined): BenchOptions['database'] | 'unknown' {
  return text === undefined || text === 'postgres' || text === 'pglite' ? text : 'unknown';
}

function misused(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}
