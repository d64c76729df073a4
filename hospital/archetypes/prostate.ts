import type { ChartBuilder } from '../chart-builder.ts';
import { SYSTEM } from '../codes.ts';

/** SNOMED CT codes of the ISUP grade group, as mCODE's prostate profile uses them. */
const gradeGroups: Record<number, { code: string; display: string; gleason: string }> = {
  1: { code: '1279715000', display: 'Grade group 1', gleason: '3+3=6' },
  2: { code: '1279714001', display: 'Grade group 2', gleason: '3+4=7' },
  3: { code: '1279716004', display: 'Grade group 3', gleason: '4+3=7' },
  4: { code: '1279717008', display: 'Grade group 4', gleason: '4+4=8' },
  5: { code: '1279720000', display: 'Grade group 5', gleason: '4+5=9' },
};

export function gleason(group: number): string {
  return gradeGroups[group]?.gleason ?? '';
}

/** Records a grade group as coded observation, on the day of its pathology report. */
export function gradeGroup(c: ChartBuilder, group: number, ago: number): void {
  const row = gradeGroups[group];
  if (!row) throw new Error(`no grade group ${group}`);
  const value = { kind: 'coded', system: SYSTEM.snomed, code: row.code, display: row.display } as const;
  c.finding({ ago, category: 'exam', system: SYSTEM.snomed, code: '385377005', display: 'Gleason grade group', value, site: 'prostate' });
}

/** Multiparametric MRI with its PI-RADS category (1 to 5). */
export function prostateMri(c: ChartBuilder, ago: number, category: number, volume: number, findings: string, impression: string): void {
  c.image('prostateMri', ago, 'radiology', {
    indication: 'Prostate cancer evaluation',
    site: 'prostate',
    findings: `Prostate volume ${volume} mL. ${findings}`,
    impression,
  });
  const value = { kind: 'integer', number: category } as const;
  c.finding({ ago, category: 'imaging', system: SYSTEM.snomed, code: '1345044005', display: 'PI-RADS category', value, site: 'prostate' });
}
