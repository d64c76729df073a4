import { useQuery } from '@tanstack/react-query';
import type { KpiView, ReasonCountView } from '../../../src/core/api.ts';
import { KeyBar } from '../components/keybar.tsx';
import { Failure, Skeleton } from '../components/notice.tsx';
import { SharePlot } from '../components/share-plot.tsx';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { kpiRows, kpiSentence, kpiText } from '../kpi-table.ts';
import { percentText, proportion } from '../proportion.ts';
import { kpisQuery } from '../queries.ts';
import { useTitle, useZone } from '../session.ts';
import { dateTimeText } from '../time.ts';
import './measure.css';

/** Did it help: every number a query over the journal, with the query beside it. */
export function Measure() {
  const kpis = useQuery(kpisQuery);
  const zone = useZone();
  useTitle('Measure');
  const keys: KeyBinding[] = [{ key: 'r', does: 'count again', run: () => void kpis.refetch(), bar: true }];
  useKeys(keys);

  const all = kpis.data?.kpis ?? [];
  const reasons = kpis.data?.reasons ?? [];
  const period = all[0];
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it holds nothing to focus, and has to be scrolled by keyboard */}
      <main className="scroll" tabIndex={0}>
        <div className="pagehead">
          <h1>{kpis.data ? kpiSentence(all, zone) : 'Measure'}</h1>
          {period && (
            <p>
              {dateTimeText(period.from, zone)} to {dateTimeText(period.to, zone)}; every number is a query over the journal and can be
              counted again.
            </p>
          )}
        </div>
        <div className="page measure">
          {kpis.isPending && <Skeleton lines={12} label="Loading the numbers" />}
          {kpis.error && <Failure error={kpis.error} what="The numbers" again={() => void kpis.refetch()} />}
          {all.length > 0 && (
            <>
              <Shares kpis={all} />
              <KpiTable kpis={all} />
              <Reasons reasons={reasons} />
              <Formulas kpis={all} />
            </>
          )}
        </div>
      </main>
      <KeyBar keys={[...keys, helpKey]} />
    </>
  );
}

function Shares(props: { kpis: KpiView[] }) {
  const rows = props.kpis
    .filter((one) => one.pack === null && one.role === null && isShare(one))
    .flatMap((one) => {
      const of = proportion(one.numerator, one.denominator);
      return of ? [{ title: one.title, of }] : [];
    });
  if (rows.length === 0) return null;
  return (
    <section>
      <h2 className="strong small">
        Of what was offered <span className="third measure-note">95 % Wilson interval, all packs and roles</span>
      </h2>
      <div className="scrollx">
        <SharePlot rows={rows} />
      </div>
    </section>
  );
}

function KpiTable(props: { kpis: KpiView[] }) {
  const { columns, rows } = kpiRows(props.kpis);
  return (
    <section>
      <h2 className="strong small">By pack and role</h2>
      <div className="scrollx">
        <table>
          <thead>
            <tr>
              <th scope="col">Pack</th>
              <th scope="col">Role</th>
              {columns.map((one) => (
                <th scope="col" key={one.id} className="figure">
                  {one.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.pack} ${row.role}`} className={row.pack === null ? 'measure-total' : ''}>
                <td>{row.pack ?? 'all packs'}</td>
                <td className="second">{row.role ?? 'all roles'}</td>
                {columns.map((column) => (
                  <KpiCell key={column.id} kpi={row.cells.get(column.id)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function KpiCell(props: { kpi: KpiView | undefined }) {
  const { kpi } = props;
  const share = kpi && isShare(kpi) ? proportion(kpi.numerator, kpi.denominator) : undefined;
  return (
    <td
      className={`figure nowrap ${kpi?.value === null || !kpi ? 'third' : ''}`}
      title={kpi ? `${kpi.numerator} of ${kpi.denominator}` : 'not counted for this row'}
    >
      {kpiText(kpi)}
      {share && <span className="third"> {percentText(share.share)}</span>}
    </td>
  );
}

/** Offers and redrafts are numbers of their own; what was done to drafts is a share of what was offered. */
function isShare(kpi: KpiView): boolean {
  return kpi.unit === 'proposals' && kpi.id !== 'proposals.offered' && kpi.id !== 'proposals.redrafted';
}

/** Why drafts were declined or passed on: what was never given is not listed. */
function Reasons(props: { reasons: ReasonCountView[] }) {
  const given = props.reasons.filter((one) => one.numerator > 0);
  return (
    <section>
      <h2 className="strong small">
        Why drafts were declined or passed on <span className="third measure-note">share of all such decisions</span>
      </h2>
      {given.length === 0 ? (
        <p className="small second">Nobody declined a draft or passed one on in this period.</p>
      ) : (
        <div className="scrollx">
          <table>
            <thead>
              <tr>
                <th scope="col">Decision</th>
                <th scope="col">Reason</th>
                <th scope="col">Means</th>
                <th scope="col" className="figure">
                  Given
                </th>
              </tr>
            </thead>
            <tbody>
              {given
                .sort((one, other) => one.decision.localeCompare(other.decision) || other.numerator - one.numerator)
                .map((one) => (
                  <tr key={`${one.decision} ${one.code}`} title={one.formula}>
                    <td>{one.decision === 'decline' ? 'declined' : 'passed on'}</td>
                    <td className="strong">{one.word}</td>
                    <td className="second">{one.means}</td>
                    <td className="figure nowrap">
                      {one.numerator.toLocaleString('en-US')}{' '}
                      <span className="third">
                        of {one.denominator.toLocaleString('en-US')}, {percentText(one.numerator / one.denominator)}
                      </span>
                    </td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** The query behind each number, in words of the journal. */
function Formulas(props: { kpis: KpiView[] }) {
  const formulas = [...new Map(props.kpis.map((one) => [one.id, one])).values()];
  return (
    <section>
      <h2 className="strong small">How each is counted</h2>
      <dl className="measure-formulas small">
        {formulas.map((one) => (
          <div key={one.id}>
            <dt>
              {one.title} <span className="mono third">{one.id}</span>
            </dt>
            <dd className="mono second">{one.formula}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
