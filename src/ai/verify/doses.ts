import { type Event, textsAt } from './chart-index.ts';
import { amountIn } from './directions.ts';
import { strengthIn } from './names.ts';
import type { Charted } from './quantity.ts';

/** The doses an event gives, each with the dosage line it belongs to: as written, and as tablets times strength. */
export function dosesOf(event: Event, component: number | undefined): Charted[] {
  const at = { ...event, component };
  const strength = textsAt({ ...event, component: undefined }, 'display')
    .map(strengthIn)
    .find((found) => found !== undefined);
  const value = textsAt(at, 'doseValue')[0];
  const unit = textsAt(at, 'doseUnit')[0];
  if (value === undefined) {
    // Without a quantity the product's strength is what one tablet holds; the instruction says how many.
    const amount = amountIn(at);
    if (strength === undefined || amount === 'unclear') return [];
    return [amount === undefined ? strength : times(strength, amount)];
  }
  const written: Charted = { value, unit };
  if (strength === undefined || !(unit === undefined || /^(?:\{?tab|\{?tbl|tablet|\{?cap|capsule|1$|\{?each|ea$)/i.test(unit)))
    return [written];
  return [written, times(strength, Number(value))];
}

function times(strength: { value: string; unit: string }, count: number): Charted {
  return { value: String(Number((count * Number(strength.value)).toPrecision(12))), unit: strength.unit };
}

/** The dosage lines of an event. */
export function componentsOf(event: Event): (number | undefined)[] {
  const seen = new Set(event.fact.atoms.map((atom) => atom.component).filter((component) => component !== undefined));
  return seen.size === 0 ? [undefined] : [...seen];
}
