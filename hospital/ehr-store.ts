import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Stored } from './ehr-charts.ts';

/**
 * What others wrote into the play EHR: an append-only file, one JSON line a version, synced to disk before anybody hears 201.
 * Opening it again after a kill gives the same resources; a torn last line, which nobody was told about, is cut off.
 */
export class EhrStore {
  private readonly file: number;
  private readonly current = new Map<string, Stored>();
  /** Keys of resources that carry, or once carried, an identifier value. */
  private readonly named = new Map<string, Set<string>>();
  private serial = 0;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const whole = bytes.lastIndexOf(10) + 1;
    for (const line of bytes.subarray(0, whole).toString('utf8').split('\n')) if (line !== '') this.keep(JSON.parse(line) as Stored);
    this.file = openSync(path, 'a');
    if (whole < bytes.length) ftruncateSync(this.file, whole);
  }

  get(type: string, id: string): Stored | undefined {
    return this.current.get(`${type}/${id}`);
  }

  all(type?: string): Stored[] {
    return [...this.current.values()].filter((resource) => type === undefined || resource.resourceType === type);
  }

  withIdentifier(type: string, system: string, value: string): Stored[] {
    const keys = [...(this.named.get(`${type}|${value}`) ?? [])];
    const found = keys.flatMap((key) => this.current.get(key) ?? []);
    return found.filter((resource) =>
      identifiers(resource).some((entry) => entry.value === value && (system === '' || entry.system === system)),
    );
  }

  /** A new id that no earlier resource of this store had. */
  nextId(): string {
    this.serial++;
    return `ehr-${String(this.serial).padStart(6, '0')}`;
  }

  /** Writes versions so that they survive a kill: all of them or, torn, none that was answered for. */
  commit(resources: Stored[]): void {
    const text = resources.map((resource) => `${JSON.stringify(resource)}\n`).join('');
    const bytes = Buffer.from(text, 'utf8');
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(this.file, bytes, offset);
    fsyncSync(this.file);
    for (const resource of resources) this.keep(resource);
  }

  close(): void {
    closeSync(this.file);
  }

  private keep(resource: Stored): void {
    const key = `${resource.resourceType}/${resource.id}`;
    this.current.set(key, resource);
    for (const { value } of identifiers(resource)) {
      const name = `${resource.resourceType}|${value ?? ''}`;
      const keys = this.named.get(name) ?? new Set();
      this.named.set(name, keys.add(key));
    }
    const serial = Number(/^ehr-(\d+)$/.exec(resource.id)?.[1] ?? 0);
    this.serial = Math.max(this.serial, serial);
  }
}

/** The identifiers of a resource, whether the element repeats (most types) or stands alone (Bundle, Composition, QuestionnaireResponse). */
export function identifiers(resource: Stored): { system?: string; value?: string }[] {
  const { identifier } = resource;
  if (Array.isArray(identifier)) return identifier as { system?: string; value?: string }[];
  return typeof identifier === 'object' && identifier !== null ? [identifier as { system?: string; value?: string }] : [];
}
