/** Brings the current row of a table into view; where the focus stands in the table it follows, so that Enter means the row that is marked. */
export function showCurrentRow(table: string): void {
  const row = document.querySelector<HTMLElement>(`${table} tr[aria-current="true"]`);
  row?.scrollIntoView({ block: 'nearest' });
  const focused = document.activeElement;
  if (row && focused?.closest(`${table} tbody`) && !row.contains(focused)) row.querySelector<HTMLElement>('a, button')?.focus();
}
