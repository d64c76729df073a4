import { Link } from '@tanstack/react-router';
import { type CSSProperties, Fragment, type ReactNode, useState } from 'react';
import type { SourceView as Source } from '../../../src/core/api.ts';
import { type Lit, litOf, mainPlace, runsOf } from '../lit-lines.ts';
import { counted } from '../words.ts';
import { Moment } from './moment.tsx';
import './source-view.css';

/** One receipt as it came, with the exact bytes of the claim lit and where they stand, checkable by hash. */
export function SourceView(props: { source: Source; all: boolean }) {
  const { source } = props;
  return (
    <section className="source">
      <h3>
        {source.title} <span className="source-when">received </span>
        <span className="source-when">
          <Moment at={source.receivedAt} show="seconds" />
        </span>
      </h3>
      {source.decoded ? <Prose source={source} /> : <Raw source={source} all={props.all} />}
      <Provenance source={source} />
    </section>
  );
}

function Raw(props: { source: Source; all: boolean }) {
  const { lines } = props.source;
  const lit = litOf(props.source);
  const width = `${String(lines.at(-1)?.number ?? 1).length}ch`;
  return (
    <ol className="raw mono" style={{ '--number-width': width } as CSSProperties}>
      {runsOf(props.source, props.all).map((run) => (
        <Fragment key={run.lines[0]?.at ?? 'end'}>
          {run.hidden > 0 && <li className="raw-fold third">… {counted(run.hidden, 'line')}</li>}
          {run.lines.map(({ line, at, firstOfNumber }) => {
            const marks = lit.filter((one) => one.line === at);
            return (
              <li key={at} className={marks.length > 0 ? '' : 'is-unlit'}>
                <span className="raw-number" aria-hidden="true">
                  {firstOfNumber ? line.number : ''}
                </span>
                <code>{litText(line.text, marks)}</code>
              </li>
            );
          })}
        </Fragment>
      ))}
    </ol>
  );
}

function Prose(props: { source: Source }) {
  const { lines } = props.source;
  const lit = litOf(props.source);
  return (
    <div className="prose">
      {lines.map((line, at) => (
        <p key={line.start}>
          {litText(
            line.text,
            lit.filter((one) => one.line === at),
          )}
        </p>
      ))}
    </div>
  );
}

/** Path, byte range, hash and receipt of the value's own bytes; the claim's other atoms on demand. */
function Provenance(props: { source: Source }) {
  const { source } = props;
  const [open, setOpen] = useState(false);
  const main = mainPlace(source);
  const others = source.spans.filter((one) => one !== main?.span);
  return (
    <>
      <p className="provenance mono">
        {main && <span>{main.span.path}</span>}
        {main && source.decoded && (
          <span>
            decoded bytes {main.shownStart}–{main.shownEnd}
          </span>
        )}
        {main && (
          <span>
            {source.decoded ? 'in bytes' : 'bytes'} {main.span.start}–{main.span.end} of {source.size}
          </span>
        )}
        {main && <span title={main.span.sha256}>sha256 {main.span.sha256.slice(0, 12)}…</span>}
        <Link to="/receipts/$id" params={{ id: source.receipt }} className="link">
          receipt {source.receipt.slice(0, 6)}
        </Link>
        {others.length > 0 && (
          <button type="button" className="link" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'fewer ranges' : `${others.length} more ${others.length === 1 ? 'range' : 'ranges'}`}
          </button>
        )}
      </p>
      {open && (
        <ul className="mono second">
          {others.map((one) => (
            <li key={`${one.path} ${one.start} ${one.fact}`} title={one.sha256}>
              {one.path} · {one.start}–{one.end} · {one.quote}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Text with its lit ranges marked; where two overlap, the value's own range wins. */
export function litText(text: string, marks: Pick<Lit, 'from' | 'to' | 'strength'>[]): ReactNode[] {
  const sorted = [...marks].sort((a, b) => a.from - b.from || Number(b.strength === 'value') - Number(a.strength === 'value'));
  const parts: ReactNode[] = [];
  let at = 0;
  for (const mark of sorted) {
    const from = Math.max(mark.from, at);
    const end = mark.strength === 'near' ? Math.min(mark.to, nextValue(sorted, from, mark.to)) : mark.to;
    if (end <= from) continue;
    parts.push(text.slice(at, from));
    parts.push(
      <mark key={from} className={mark.strength}>
        {text.slice(from, end)}
      </mark>,
    );
    at = end;
  }
  parts.push(text.slice(at));
  return parts;
}

function nextValue(marks: Pick<Lit, 'from' | 'strength'>[], from: number, to: number): number {
  return marks.find((one) => one.strength === 'value' && one.from >= from && one.from < to)?.from ?? to;
}
