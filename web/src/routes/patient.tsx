import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { FactView } from '../../../src/core/api.ts';
import { newestFirst } from '../components/facts-table.tsx';
import { KeyBar } from '../components/keybar.tsx';
import { Moment } from '../components/moment.tsx';
import { Empty, FailurePage, Skeleton } from '../components/notice.tsx';
import { PatientBanner } from '../components/patient-banner.tsx';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { patientFactsQuery, worklistQuery } from '../queries.ts';
import { useTitle } from '../session.ts';
import { counted, flagWord, gradeWords } from '../words.ts';
import '../components/word-menu.css';
import './patients.css';

const FIRST_ROWS = 200;

/** One chart as facts: what, when, from which system, how far it is trusted, and what it replaced. */
export function Patient() {
  const { id } = useParams({ from: '/shell/patients/$id' });
  const chart = useQuery(patientFactsQuery(id));
  const drafts = useQuery(worklistQuery()).data?.filter((one) => one.patient === id) ?? [];
  const [type, setType] = useState<string | undefined>();
  const [old, setOld] = useState(false);
  const [all, setAll] = useState(false);
  useTitle('Chart');

  const keys: KeyBinding[] = [
    { key: 'h', does: old ? 'hide replaced versions' : 'show replaced versions', run: () => setOld(!old), bar: true },
    { key: 'Escape', does: 'back', run: () => history.back(), bar: true },
  ];
  useKeys(keys);

  const facts = useMemo(() => newestFirst(chart.data?.facts ?? []), [chart.data]);
  const types = useMemo(() => [...new Set(facts.map((one) => one.type))].sort(), [facts]);
  const wanted = facts.filter((one) => (!type || one.type === type) && (old || stands(one)));
  const shown = all ? wanted : wanted.slice(0, FIRST_ROWS);

  if (chart.error) return <FailurePage error={chart.error} what="This chart" again={() => void chart.refetch()} />;
  return (
    <>
      <main className="scroll">
        {chart.data && <PatientBanner person={chart.data.person} />}
        <div className="chart">
          <div className="chart-head">
            <h1>{chart.data ? counted(wanted.length, 'fact') : 'Chart'}</h1>
            <button type="button" className="filter-word" aria-pressed={!type} onClick={() => setType(undefined)}>
              all kinds
            </button>
            {types.map((one) => (
              <button key={one} type="button" className="filter-word" aria-pressed={type === one} onClick={() => setType(one)}>
                {one}
              </button>
            ))}
            {drafts.map((one) => (
              <Link key={one.id} to="/review/$id" params={{ id: one.id }} className="link push">
                Open draft: {one.title}
              </Link>
            ))}
          </div>
          {chart.isPending && <Skeleton lines={20} label="Loading the chart" />}
          {chart.data?.facts.length === 0 && <Empty title="No fact about this person is on record." />}
          {shown.length > 0 && <ChartTable facts={shown} />}
          {wanted.length > shown.length && (
            <button type="button" className="button" onClick={() => setAll(true)}>
              {shown.length} of {wanted.length} shown, show all
            </button>
          )}
        </div>
      </main>
      <KeyBar keys={[...keys, helpKey]} />
    </>
  );
}

function ChartTable(props: { facts: FactView[] }) {
  return (
    <table>
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
          <th scope="col">As FHIR</th>
        </tr>
      </thead>
      <tbody>
        {props.facts.map((fact) => (
          <tr key={`${fact.id} ${fact.version}`} className={stands(fact) ? '' : 'is-replaced'}>
            <td className="nowrap">
              <Moment at={fact.at} missing="no date given" />
            </td>
            <td className="second">{fact.type}</td>
            <td>{fact.display}</td>
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
            </td>
            <td className="mono nowrap">
              <a href={`/fhir/R4/${fact.type}/${fact.id}/_history/${fact.version}`}>v{fact.version}</a>
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
