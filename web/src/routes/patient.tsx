import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import type { FactView, SignedDocument } from '../../../src/core/api.ts';
import type { ChartSearch } from '../chart-search.ts';
import { FactPane } from '../components/fact-pane.tsx';
import { newestFirst } from '../components/facts-table.tsx';
import { KeyBar } from '../components/keybar.tsx';
import { Moment } from '../components/moment.tsx';
import { Empty, FailurePage, Notice, Skeleton } from '../components/notice.tsx';
import { PatientBanner } from '../components/patient-banner.tsx';
import { StateWord } from '../components/state-word.tsx';
import { showCurrentRow } from '../current-row.ts';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { patientFactsQuery, worklistQuery } from '../queries.ts';
import { useTitle, useZone } from '../session.ts';
import { fromSiteLocal, toSiteLocal } from '../site-instant.ts';
import { dateText, dateTimeText } from '../time.ts';
import { changedSinceWords, counted, flagWord, gradeWords, kindWord } from '../words.ts';
import '../components/word-menu.css';
import './patients.css';

const FIRST_ROWS = 200;

/** One chart as facts, now or as it was known: what, when, from which system, how far it is trusted, what it replaced, and its bytes. */
export function Patient() {
  const { id } = useParams({ from: '/shell/patients/$id' });
  const search = useSearch({ from: '/shell/patients/$id' });
  const navigate = useNavigate();
  const zone = useZone();
  const chart = useQuery(patientFactsQuery(id, search.known));
  const drafts = useQuery(worklistQuery()).data?.filter((one) => one.patient === id) ?? [];
  const [old, setOld] = useState(search.fact !== undefined);
  const [all, setAll] = useState(false);
  const [allBytes, setAllBytes] = useState(false);
  const [chosen, setChosen] = useState<string | undefined>();
  const [openedHere, setOpen] = useState<{ key: string; version: number } | undefined>();
  useTitle('Chart');

  const facts = useMemo(() => newestFirst(chart.data?.facts ?? []), [chart.data]);
  const kinds = useMemo(() => [...new Set(facts.map((one) => one.type))].sort(), [facts]);
  const wanted = facts.filter(
    (one) => (!search.kind || one.type === search.kind) && (old || stands(one)) && hadHappened(one, search.by, zone),
  );
  const shown = all ? wanted : wanted.slice(0, FIRST_ROWS);
  // A link to one fact opens it with its bytes, the version that stands or else the newest.
  const asked = shown.find((one) => one.id === search.fact && stands(one)) ?? shown.find((one) => one.id === search.fact);
  const current = shown.find((one) => keyOf(one) === chosen) ?? asked ?? shown[0];
  const open = openedHere ?? (asked && !chosen ? { key: keyOf(asked), version: asked.version } : undefined);
  const opened = open && current && keyOf(current) === open.key ? open : undefined;

  function move(step: number) {
    const next = shown[Math.min(Math.max((current ? shown.indexOf(current) : 0) + step, 0), shown.length - 1)];
    if (!next) return;
    setChosen(keyOf(next));
    if (open) setOpen({ key: keyOf(next), version: next.version });
  }
  function toggle(fact: FactView | undefined) {
    if (!fact) return;
    setChosen(keyOf(fact));
    setOpen(opened?.key === keyOf(fact) ? undefined : { key: keyOf(fact), version: fact.version });
  }
  function close() {
    if (current) setChosen(keyOf(current));
    setOpen(undefined);
  }
  function change(part: { [K in keyof ChartSearch]: ChartSearch[K] | undefined }) {
    void navigate({ to: '/patients/$id', params: { id }, search: (before) => withoutEmpty({ ...before, ...part }), replace: true });
  }

  const past = search.known !== undefined || search.by !== undefined;
  const keys: KeyBinding[] = [
    { key: 'j', does: 'move', run: () => move(1), bar: true },
    { key: 'k', does: 'move', run: () => move(-1), bar: true },
    { key: 'ArrowDown', does: 'next fact', run: () => move(1) },
    { key: 'ArrowUp', does: 'fact before', run: () => move(-1) },
    { key: 'Enter', does: opened ? 'close its bytes' : 'its bytes', run: () => toggle(current), bar: true },
    { key: 'b', does: allBytes ? 'lit bytes only' : 'all bytes', run: () => setAllBytes(!allBytes), bar: true, off: !opened },
    { key: 'h', does: old ? 'hide replaced versions' : 'show replaced versions', run: () => setOld(!old), bar: true },
    { key: 'a', does: 'as known on', run: () => document.getElementById('known-on')?.focus(), bar: true },
    { key: '0', does: 'as of now', run: () => change({ known: undefined, by: undefined }), bar: true, off: !past },
    { key: 'Escape', does: opened ? 'close' : 'back', run: () => (opened ? close() : history.back()), bar: true },
  ];
  useKeys(keys);
  useEffect(() => {
    showCurrentRow('.chart');
  });

  if (chart.error) return <FailurePage error={chart.error} what="This chart" again={() => void chart.refetch()} />;
  return (
    <>
      <main className="chart-page">
        {chart.data && <PatientBanner person={chart.data.person} />}
        <AsKnown search={search} onChange={change} />
        {search.known && chart.data && (
          <Notice tone="look" icon="clock">
            This is the chart as it was known on {dateTimeText(chart.data.knownAt, zone)}: what came later is not here, and what was
            corrected later stands uncorrected. Name and allergies above are of today.
          </Notice>
        )}
        {chart.data && <Documents documents={chart.data.documents} />}
        <div className={opened ? 'chart-panes is-split' : 'chart-panes'}>
          <div className="chart">
            <div className="chart-head">
              <h1>{chart.data ? counted(wanted.length, 'fact') : 'Chart'}</h1>
              <button type="button" className="filter-word" aria-pressed={!search.kind} onClick={() => change({ kind: undefined })}>
                all kinds
              </button>
              {kinds.map((one) => (
                <button
                  key={one}
                  type="button"
                  className="filter-word"
                  aria-pressed={search.kind === one}
                  onClick={() => change({ kind: one })}
                >
                  {kindWord(one, true)}
                </button>
              ))}
              <span className="chart-drafts">
                {drafts.map((one) => (
                  <Link key={one.id} to="/review/$id" params={{ id: one.id }} className="link" title={one.title}>
                    Draft: {one.why}
                  </Link>
                ))}
              </span>
            </div>
            {chart.isPending && <Skeleton lines={20} label="Loading the chart" />}
            {chart.data && wanted.length === 0 && (
              <NoFacts
                asked={past || search.kind !== undefined}
                onClear={() => change({ known: undefined, by: undefined, kind: undefined })}
              />
            )}
            {shown.length > 0 && (
              <ChartTable facts={shown} current={current} narrow={opened !== undefined} onToggle={toggle} onSelect={setChosen} />
            )}
            {wanted.length > shown.length && (
              <button type="button" className="button" onClick={() => setAll(true)}>
                {shown.length} of {wanted.length} shown, show all
              </button>
            )}
          </div>
          {opened && current && (
            <aside className="chart-evidence" aria-label="The fact and its bytes">
              <FactPane
                person={id}
                fact={current}
                version={opened.version}
                allBytes={allBytes}
                onVersion={(version) => setOpen({ key: opened.key, version })}
              />
            </aside>
          )}
        </div>
      </main>
      <KeyBar keys={[...keys, helpKey]} />
    </>
  );
}

/** The notes signed here, newest first; one that is out of date says so. */
function Documents(props: { documents: SignedDocument[] }) {
  if (props.documents.length === 0) return null;
  return (
    <section className="chart-documents small" aria-label="Notes signed here">
      <h2 className="strong">Signed here</h2>
      <ul>
        {props.documents.map((one) => (
          <li key={one.id}>
            <Link to="/review/$id" params={{ id: one.id }} className="link">
              {one.title}
            </Link>{' '}
            <span className="second">
              <Moment at={one.at} />, {one.by}
            </span>{' '}
            {one.changedSince > 0 && <StateWord of={{ icon: 'warning', word: changedSinceWords(one.changedSince), tone: 'look' }} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Two questions about time: what was known when, and what had happened by when. Both in the site's zone and in the URL. */
function AsKnown(props: { search: ChartSearch; onChange: (part: { [K in keyof ChartSearch]: ChartSearch[K] | undefined }) => void }) {
  const { search } = props;
  const zone = useZone();
  return (
    <form className="as-known" aria-label="Points in time" onSubmit={(event) => event.preventDefault()}>
      <label htmlFor="known-on" className="strong">
        As known on
      </label>
      <input
        id="known-on"
        type="datetime-local"
        className="field"
        value={search.known ? toSiteLocal(search.known, zone) : ''}
        onChange={(event) => props.onChange({ known: fromSiteLocal(event.target.value, zone) })}
      />
      <span className="third">{search.known ? '' : 'now'}</span>
      <label htmlFor="happened-by" className="strong">
        What had happened by
      </label>
      <input
        id="happened-by"
        type="date"
        className="field"
        value={search.by ?? ''}
        onChange={(event) => props.onChange({ by: event.target.value || undefined })}
      />
      <span className="third">{search.by ? `the end of ${dateText(search.by, zone)}` : 'any time'}</span>
    </form>
  );
}

function NoFacts(props: { asked: boolean; onClear: () => void }) {
  if (!props.asked) return <Empty title="No fact about this person is on record." />;
  return (
    <Empty title="Nothing of this was known here then: it had not been received, or had not happened.">
      <button type="button" className="link" onClick={props.onClear}>
        Show the whole chart as of now
      </button>
    </Empty>
  );
}

function ChartTable(props: {
  facts: FactView[];
  current: FactView | undefined;
  narrow: boolean;
  onToggle: (fact: FactView) => void;
  onSelect: (key: string) => void;
}) {
  return (
    <table className={props.narrow ? 'rows is-narrow' : 'rows'}>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Kind</th>
          <th scope="col">Fact</th>
          <th scope="col">Value</th>
          <th scope="col">Source system</th>
          <th scope="col">Trust</th>
          <th scope="col">Status</th>
          <th scope="col">Known since</th>
        </tr>
      </thead>
      <tbody>
        {props.facts.map((fact) => (
          <tr
            key={keyOf(fact)}
            aria-current={fact === props.current}
            className={stands(fact) ? '' : 'is-replaced'}
            onClick={() => props.onToggle(fact)}
          >
            <td className="nowrap">
              <Moment at={fact.at} missing="no date given" />
            </td>
            <td className="second">{kindWord(fact.type)}</td>
            <td>
              <button
                type="button"
                className="chart-fact"
                tabIndex={fact === props.current ? 0 : -1}
                onFocus={() => props.onSelect(keyOf(fact))}
                onClick={(event) => {
                  event.stopPropagation();
                  props.onToggle(fact);
                }}
              >
                {fact.display}
              </button>
            </td>
            <td>
              <span className="strong">{fact.value}</span> {fact.unit}{' '}
              {fact.flag && <span className={/^n(ormal)?$/i.test(fact.flag) ? 'third' : 'withheld'}>{flagWord(fact.flag)}</span>}{' '}
              {fact.range && <span className="third">{fact.range}</span>}
            </td>
            <td>{fact.source}</td>
            <td title={gradeWords[fact.grade]}>{fact.grade}</td>
            <td>{fact.retracted ? 'retracted' : (fact.status ?? '')}</td>
            <td className="second nowrap">
              <Moment at={fact.recordedAt} />
              {fact.version > 1 && <span className="third"> v{fact.version}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function stands(fact: FactView): boolean {
  return fact.supersededAt === null && !fact.retracted;
}

/** By the end of a day of the site. What has no date is not left out: it may have been so. */
function hadHappened(fact: FactView, by: string | undefined, zone: string): boolean {
  if (!by || !fact.at) return true;
  const end = fromSiteLocal(`${by}T23:59`, zone);
  return end === undefined || Date.parse(fact.at) <= Date.parse(end);
}

function keyOf(fact: FactView): string {
  return `${fact.id} ${fact.version}`;
}

function withoutEmpty(search: { [K in keyof ChartSearch]: ChartSearch[K] | undefined }): ChartSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value)) as ChartSearch;
}
