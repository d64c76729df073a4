import type { FactLineageView, FactView } from '../../core/api.ts';
import type { Fact } from '../../core/fact.ts';
import { textOf } from '../../core/fact.ts';

/** One fact version as the evidence pane and the chart page list it. */
export function factView(fact: Fact): FactView {
  const value =
    textOf(fact, 'value') ??
    textOf(fact, 'valueText') ??
    componentsOf(fact) ??
    doseOf(fact) ??
    textOf(fact, 'conclusion') ??
    textOf(fact, 'instruction') ??
    null;
  return {
    id: fact.id,
    version: fact.version,
    type: fact.type,
    source: fact.source,
    grade: fact.grade,
    display: textOf(fact, 'display') ?? textOf(fact, 'title') ?? textOf(fact, 'name') ?? fact.type,
    value: value === null ? null : `${textOf(fact, 'comparator') ?? ''}${value}`,
    unit: textOf(fact, 'value') === undefined ? null : (textOf(fact, 'unit') ?? null),
    flag: textOf(fact, 'flag') ?? null,
    range: rangeOf(fact),
    status: textOf(fact, 'clinicalStatus') ?? fact.status,
    at: timeOf(fact),
    recordedAt: fact.recordedAt,
    supersededAt: fact.supersededAt,
    retracted: fact.retracted,
  };
}

/** When what a fact says happened, as its source wrote it. */
export function timeOf(fact: Fact): string | null {
  for (const name of ['effective', 'occurrence', 'start', 'onset', 'authored', 'recorded', 'issued'] as const) {
    const text = textOf(fact, name);
    if (text !== undefined) return text;
  }
  return fact.validFrom;
}

/** What a version says otherwise than an earlier one, atom by atom; nothing for the first. */
export function changesSince(before: Fact | undefined, after: Fact): FactLineageView['versions'][number]['changes'] {
  if (!before) return [];
  const [was, is] = [textsOf(before), textsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((name) => ({ name, from: was.get(name) ?? null, to: is.get(name) ?? null }))
    .filter((change) => change.from !== change.to);
}

/** Atoms by name; those of a component stand apart, and several of one name are told in their order. */
function textsOf(fact: Fact): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { name, component, text } of fact.atoms) {
    const key = component === undefined ? name : `${name} ${component + 1}`;
    texts.set(key, texts.has(key) ? `${texts.get(key)}, ${text}` : text);
  }
  return texts;
}

function rangeOf(fact: Fact): string | null {
  const low = textOf(fact, 'low');
  const high = textOf(fact, 'high');
  if (low !== undefined && high !== undefined) return `${low}–${high}`;
  if (high !== undefined) return `≤ ${high}`;
  return low === undefined ? (textOf(fact, 'rangeText') ?? null) : `≥ ${low}`;
}

function componentsOf(fact: Fact): string | undefined {
  const values = fact.atoms.filter((atom) => atom.name === 'value' && atom.component !== undefined).map((atom) => atom.text);
  const unit = fact.atoms.find((atom) => atom.name === 'unit' && atom.component !== undefined)?.text;
  return values.length === 0 ? undefined : `${values.join('/')}${unit ? ` ${unit}` : ''}`;
}

function doseOf(fact: Fact): string | undefined {
  const value = textOf(fact, 'doseValue');
  return value === undefined ? undefined : `${value} ${textOf(fact, 'doseUnit') ?? ''}`.trim();
}
