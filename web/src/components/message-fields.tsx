import { type ReactNode, useMemo, useState } from 'react';
import type { ExplainView } from '../../../src/core/api.ts';
import { type ByteLine, type ByteRange, charRange } from '../byte-ranges.ts';
import { fieldPath, repeatedSegments } from '../field-path.ts';
import { counted, fieldWords } from '../words.ts';
import { CoverageBar } from './coverage-bar.tsx';
import { litText } from './source-view.tsx';
import { StateWord } from './state-word.tsx';
import './source-view.css';
import './message-fields.css';

/** Rows shown before asking for the rest: a Bundle may have thousands of leaves. */
const FIRST_ROWS = 150;

/** One message by field and byte: as it came, what each field becomes, how much of it is covered, and what was answered. */
export function MessageFields(props: {
  view: ExplainView;
  size: number | undefined;
  wrapAll: boolean;
  ackTitle: string;
  /** The path of what was refused, lit like a conflict. */
  refused?: string | undefined;
  children?: ReactNode;
}) {
  const { view } = props;
  const [pointed, setPointed] = useState<number | undefined>();
  const [all, setAll] = useState(false);
  const shown = all ? view.fields : view.fields.slice(0, FIRST_ROWS);
  const several = useMemo(() => repeatedSegments(view.fields.map((one) => one.path)), [view]);
  const stateOf = (field: Field) => (isWithin(field.path, props.refused) ? 'conflict' : field.state);
  const lit = litRanges(view, pointed, stateOf);

  return (
    <div className="message">
      <ol className={`raw mono message-raw ${props.wrapAll ? 'is-whole' : ''}`}>
        {view.segments.map((segment) => (
          <li key={segment.number}>
            <span className="raw-number" aria-hidden="true">
              {segment.number}
            </span>
            <code>{litText(segment.text, marksOf(segment, lit))}</code>
          </li>
        ))}
      </ol>
      <div className="message-split">
        <div className="scrollx">
          <table className="fields">
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col" className="figure">
                  Bytes
                </th>
                <th scope="col">As it came</th>
                <th scope="col">Becomes</th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((field, index) => (
                <tr
                  key={`${field.path} ${field.start}`}
                  className={stateOf(field) === 'conflict' ? 'is-conflict' : ''}
                  onMouseEnter={() => setPointed(index)}
                  onMouseLeave={() => setPointed(undefined)}
                >
                  <td className="mono nowrap" title={[field.name, field.path].filter(Boolean).join('\n')}>
                    {fieldPath(field.path, several)}
                  </td>
                  <td className="mono second figure nowrap">
                    {field.start}–{field.end}
                  </td>
                  <td className="mono fields-text">{field.text}</td>
                  <td className={field.becomes ? '' : 'third'}>{field.becomes ?? 'no map, bytes kept'}</td>
                  <td className="nowrap">
                    <StateWord of={fieldWords[stateOf(field)]} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {view.fields.length > shown.length && (
            <button type="button" className="button fields-more" onClick={() => setAll(true)}>
              {shown.length} of {counted(view.fields.length, 'field')} shown, show all
            </button>
          )}
          {view.fields.length === 0 && <p className="small second">No field could be read. The bytes are kept as they came.</p>}
        </div>
        <aside className="message-side" aria-label="What became of it">
          <CoverageBar coverage={view.coverage} size={props.size} />
          {view.facts.length > 0 && <Facts view={view} />}
          <h3>
            {props.ackTitle}
            {sentCode(view) ? `, ${sentCode(view)}` : ''}
          </h3>
          {view.ack ? (
            <ol className="ack mono">
              {view.ack
                .split(/\r\n?|\n/)
                .filter(Boolean)
                .map((line) => (
                  <li key={line}>{line}</li>
                ))}
            </ol>
          ) : (
            <p className="small second">
              {view.format === 'hl7v2' ? 'No acknowledgement.' : 'This kind of payload is not acknowledged by message.'}
            </p>
          )}
          {props.children}
        </aside>
      </div>
    </div>
  );
}

type Field = ExplainView['fields'][number];

/** A refused item is a field, or a segment with all its fields. */
function isWithin(path: string, refused: string | undefined): boolean {
  return refused !== undefined && refused !== '' && (path === refused || path.startsWith(`${refused}.`) || path.startsWith(`${refused}-`));
}

/** The code that stands in the answer itself: in enhanced mode it is CA, CE or CR (HL7 table 0008). */
function sentCode(view: ExplainView): string | null {
  return /(?:^|[\r\n])MSA\|([A-Z]{2})/.exec(view.ack ?? '')?.[1] ?? view.ackCode;
}

function Facts(props: { view: ExplainView }) {
  const { facts } = props.view;
  return (
    <>
      <h3>Becomes {counted(facts.length, 'fact')}</h3>
      <ul className="small">
        {facts.map((fact) => (
          <li key={fact.id}>
            <details>
              <summary>
                {fact.type}
                <span className="second">
                  {fact.status ? `, ${fact.status}` : ''}, trust {fact.grade}
                  {fact.flags.length > 0 ? `, ${fact.flags.join(', ')}` : ''}
                </span>
              </summary>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1) */}
              <pre className="mono" tabIndex={0}>
                {typeof fact.content === 'string' ? fact.content : JSON.stringify(fact.content, null, 2)}
              </pre>
            </details>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What conflicts is lit from the start; the field under the pointer is lit while it is there. */
function litRanges(view: ExplainView, pointed: number | undefined, stateOf: (field: Field) => Field['state']): ByteRange[] {
  const conflicts = view.fields
    .filter((one) => stateOf(one) === 'conflict')
    .map((one) => ({ start: one.start, end: one.end, strength: 'value' as const }));
  const field = pointed === undefined ? undefined : view.fields[pointed];
  return field ? [...conflicts, { start: field.start, end: field.end, strength: 'value' }] : conflicts;
}

function marksOf(line: ByteLine, ranges: ByteRange[]): { from: number; to: number; strength: 'value' | 'near' }[] {
  return ranges.flatMap((range) => {
    const place = charRange(line, range.start, range.end);
    return place ? [{ ...place, strength: range.strength }] : [];
  });
}
