import type { FactView } from '../../../src/core/api.ts';
import { useZone } from '../session.ts';
import { clockText, dateText } from '../time.ts';
import { flagWord, gradeWords } from '../words.ts';
import { Moment } from './moment.tsx';
import './facts-table.css';

/** A value up to this long stays on one line; a sentence somebody wrote may wrap. */
const SHORT = 26;

/** Facts newest first; a version that was replaced or retracted stands struck through beside the one that holds. */
export function FactsTable(props: { facts: FactView[]; withName?: boolean }) {
  const several = props.withName || new Set(props.facts.map((one) => one.display)).size > 1;
  return (
    <div className="scrollx">
      <table className="facts">
        <thead>
          <tr>
            {several && <th scope="col">Fact</th>}
            <th scope="col">Value</th>
            <th scope="col">When</th>
            <th scope="col">Source system</th>
            <th scope="col">Trust</th>
            <th scope="col">Status</th>
          </tr>
        </thead>
        <tbody>
          {newestFirst(props.facts).map((fact) => (
            <FactRow key={`${fact.id} ${fact.version}`} fact={fact} several={several} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function newestFirst(facts: FactView[]): FactView[] {
  return [...facts].sort(
    (a, b) => (b.at ?? '').localeCompare(a.at ?? '') || b.version - a.version || b.recordedAt.localeCompare(a.recordedAt),
  );
}

function FactRow(props: { fact: FactView; several: boolean }) {
  const { fact } = props;
  const replaced = fact.supersededAt !== null || fact.retracted;
  const value = fact.value === null ? null : `${fact.value}${fact.unit ? ` ${fact.unit}` : ''}`;
  return (
    <tr className={replaced ? 'is-replaced' : ''}>
      {props.several && <td className="fact-name">{fact.display}</td>}
      <td className={value === null || value.length <= SHORT ? 'nowrap' : ''}>
        <span className="strong">{value ?? (props.several ? '' : fact.display)}</span>
        {fact.flag && !replaced && <span className={isNormal(fact.flag) ? 'third' : 'withheld'}> {flagWord(fact.flag)}</span>}
        {fact.range && !replaced && <span className="third"> {fact.range}</span>}
      </td>
      <td className="nowrap">
        <Moment at={fact.at} missing="no date given" />
      </td>
      <td className="nowrap">{fact.source}</td>
      <td title={gradeWords[fact.grade]}>{fact.grade}</td>
      <td className="nowrap">
        <StatusWords fact={fact} />
      </td>
    </tr>
  );
}

function StatusWords(props: { fact: FactView }) {
  const { fact } = props;
  const zone = useZone();
  if (fact.retracted) return <>{fact.status ?? 'status not given'}, retracted</>;
  if (fact.supersededAt) {
    return (
      <span title={`superseded ${dateText(fact.supersededAt, zone)} ${clockText(fact.supersededAt, zone, true)}`}>
        superseded {clockText(fact.supersededAt, zone)}
      </span>
    );
  }
  return <>{fact.status ? `${fact.status}, current` : 'current'}</>;
}

function isNormal(flag: string): boolean {
  return /^(n|normal)$/i.test(flag);
}
