import type { KpiView } from '../../src/core/api.ts';
import { percentText, proportion } from './proportion.ts';
import { dateText, spanText } from './time.ts';
import { counted } from './words.ts';

export type KpiRow = { pack: string | null; role: string | null; cells: Map<string, KpiView> };

/** One row a pack and role, the whole first; one column an id, in the order the journal's formulas came. */
export function kpiRows(kpis: KpiView[]): { columns: KpiView[]; rows: KpiRow[] } {
  const columns = [...new Map(kpis.map((one) => [one.id, one])).values()];
  const rows = new Map<string, KpiRow>();
  for (const kpi of kpis) {
    const key = `${kpi.pack ?? ''}\n${kpi.role ?? ''}`;
    const row = rows.get(key) ?? { pack: kpi.pack, role: kpi.role, cells: new Map() };
    row.cells.set(kpi.id, kpi);
    rows.set(key, row);
  }
  return {
    columns,
    rows: [...rows.values()].sort((a, b) => (a.pack ?? '').localeCompare(b.pack ?? '') || (a.role ?? '').localeCompare(b.role ?? '')),
  };
}

/** The one sentence a board member can read. What was not measured is not said. */
export function kpiSentence(kpis: KpiView[], zone: string): string {
  const total = (id: string) => kpis.find((one) => one.id === id && one.pack === null && one.role === null);
  const offered = total('proposals.offered')?.value ?? 0;
  const signed = total('proposals.signed')?.value ?? 0;
  const since = total('proposals.offered')?.from;
  if (!offered) return 'No draft has been offered yet, so there is nothing to measure.';
  const share = proportion(signed, offered);
  const edited = total('proposals.edited')?.value;
  const declined = total('proposals.declined')?.value;
  const minutes = total('minutes.offer_to_signature')?.value;
  const parts = [
    `Of ${counted(offered, 'draft')} offered${since ? ` since ${dateText(since, zone)}` : ''}, ${signed.toLocaleString('en-US')} ${signed === 1 ? 'was' : 'were'} signed${share ? ` (${percentText(share.share)})` : ''}`,
    edited ? `, ${edited.toLocaleString('en-US')} edited by hand` : '',
    declined ? ` and ${declined.toLocaleString('en-US')} declined` : '',
    '.',
    minutes !== null && minutes !== undefined && signed > 0
      ? ` Half of the signatures came within ${minutesText(minutes)} of the offer.`
      : '',
  ];
  return parts.join('');
}

/** A count as it is; minutes with their unit, and a decimal only where it says something. */
export function kpiText(kpi: KpiView | undefined): string {
  if (!kpi) return 'not counted';
  if (kpi.value === null) return 'none yet';
  return kpi.unit === 'minutes' ? minutesText(kpi.value) : kpi.value.toLocaleString('en-US');
}

function minutesText(minutes: number): string {
  if (minutes < 1) return `${Math.round(minutes * 60)} s`;
  if (minutes < 10) return `${Math.round(minutes * 10) / 10} min`;
  if (minutes < 60) return `${Math.round(minutes)} min`;
  return spanText(minutes * 60_000);
}
