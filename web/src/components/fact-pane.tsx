import { useQuery } from '@tanstack/react-query';
import type { FactLineageView, FactView } from '../../../src/core/api.ts';
import { factLineageQuery } from '../queries.ts';
import { counted, flagWord, gradeWords } from '../words.ts';
import { Moment } from './moment.tsx';
import { Failure, Skeleton } from './notice.tsx';
import { SourceView } from './source-view.tsx';
import './fact-pane.css';

/** One fact of a chart: what it says, what each version changed, and the bytes it came from. */
export function FactPane(props: {
  person: string;
  fact: FactView;
  version: number;
  allBytes: boolean;
  onVersion: (version: number) => void;
}) {
  const { fact } = props;
  const lineage = useQuery(factLineageQuery(props.person, fact.id, props.version));
  const shown = lineage.data?.fact ?? fact;
  return (
    <section className="fact-pane" aria-label="Where this fact comes from">
      <h2>{shown.display}</h2>
      <p className="fact-pane-value">
        {shown.value !== null && (
          <>
            <span className="strong">{shown.value}</span> {shown.unit}{' '}
          </>
        )}
        {shown.flag && <span className={/^n(ormal)?$/i.test(shown.flag) ? 'third' : 'withheld'}>{flagWord(shown.flag)} </span>}
        {shown.range && <span className="third">reference {shown.range}</span>}
      </p>
      <p className="small second">
        {shown.type}, <Moment at={shown.at} missing="no date given" />, {shown.source}, trust {gradeWords[shown.grade]}.{' '}
        <a href={`/fhir/R4/${shown.type}/${shown.id}/_history/${shown.version}`}>As FHIR</a>
      </p>
      {lineage.isPending && <Skeleton lines={8} label="Loading the bytes" />}
      {lineage.error && <Failure error={lineage.error} what="Where this fact comes from" again={() => void lineage.refetch()} />}
      {lineage.data && (
        <>
          <Versions lineage={lineage.data} onVersion={props.onVersion} />
          {lineage.data.sources.map((source) => (
            <SourceView key={`${source.receipt} ${source.title}`} source={source} all={props.allBytes} />
          ))}
          {lineage.data.sources.length === 0 && (
            <p className="small look">The bytes of this fact were erased; that it was here, and when, stays in the journal.</p>
          )}
        </>
      )}
    </section>
  );
}

/** Every version, newest first, with what it says otherwise than the one before. */
function Versions(props: { lineage: FactLineageView; onVersion: (version: number) => void }) {
  const { versions, fact } = props.lineage;
  if (versions.length === 1) {
    return <p className="small third">One version, never corrected.</p>;
  }
  return (
    <>
      <h3>{counted(versions.length, 'version')}, newest first</h3>
      <div className="scrollx">
        <table className="versions">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Known since</th>
              <th scope="col">What it changed</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((one) => (
              <tr key={one.version} aria-current={one.version === fact.version} className={one.supersededAt ? 'is-old' : ''}>
                <td className="nowrap">
                  <button type="button" className="link" onClick={() => props.onVersion(one.version)}>
                    {one.version}
                  </button>
                  {one.retracted ? ', retracted' : one.supersededAt === null ? ', stands' : ''}
                </td>
                <td className="nowrap">
                  <Moment at={one.recordedAt} />
                </td>
                <td>
                  <Changes of={one} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Changes(props: { of: FactLineageView['versions'][number] }) {
  const { changes, version } = props.of;
  if (version === 1) return <span className="third">first heard: {props.of.value ?? props.of.status ?? props.of.display}</span>;
  if (changes.length === 0) return <span className="third">the same values, received again</span>;
  return changes.map((one) => (
    <span key={one.name} className="change">
      <span className="third">{one.name}</span> {one.from !== null && <s>{one.from}</s>} {one.to ?? 'gone'}
    </span>
  ));
}
