import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Stored = { resourceType: string; id: string; [element: string]: unknown };

const MRN_SYSTEM = 'urn:oid:2.999.1.1';
const KEPT = 32;

/** The charts that the synthesiser wrote, opened one patient at a time and forgotten again: a large hospital needs no large memory. */
export class Charts {
  private readonly folder: string;
  private readonly open = new Map<string, Map<string, Stored>>();

  constructor(data: string) {
    this.folder = join(data, 'fhir', 'north-ehr');
  }

  /** The patient with that medical record number, if the hospital has one. */
  byIdentifier(system: string, value: string): Stored | undefined {
    if (system !== '' && system !== MRN_SYSTEM) return undefined;
    return this.read('Patient', `pat-${value}`);
  }

  /** One resource of any chart; ids carry the medical record number of their chart. */
  read(type: string, id: string): Stored | undefined {
    const mrn = /^[a-z]+-(\d{7})(?:-|$)/.exec(id)?.[1];
    return mrn === undefined ? undefined : this.chart(mrn)?.get(`${type}/${id}`);
  }

  /** All resources of one type in one patient's chart. */
  ofPatient(type: string, patientId: string): Stored[] {
    const mrn = /^pat-(\d{7})$/.exec(patientId)?.[1];
    const chart = mrn === undefined ? undefined : this.chart(mrn);
    return chart ? [...chart.values()].filter((resource) => resource.resourceType === type) : [];
  }

  private chart(mrn: string): Map<string, Stored> | undefined {
    const found = this.open.get(mrn);
    if (found) return found;
    const path = join(this.folder, `${mrn}.json`);
    if (!existsSync(path)) return undefined;
    const bundle = JSON.parse(readFileSync(path, 'utf8')) as { entry: { resource: Stored }[] };
    const chart = new Map(bundle.entry.map(({ resource }) => [`${resource.resourceType}/${resource.id}`, resource]));
    if (this.open.size >= KEPT) this.open.delete(this.open.keys().next().value ?? '');
    this.open.set(mrn, chart);
    return chart;
  }
}
