import type { ExplainView } from '../../../src/core/api.ts';
import { counted } from '../words.ts';

/** How much of a message was understood; every field is in one of four states, and all bytes are accounted for. */
export function CoverageBar(props: { coverage: ExplainView['coverage']; size: number | undefined }) {
  const { mapped, keptUnmapped, held, conflicts, bytes } = props.coverage;
  const total = mapped + keptUnmapped + held + conflicts;
  const parts = [
    { state: 'mapped', number: mapped },
    { state: 'held', number: held },
    { state: 'conflict', number: conflicts },
    { state: 'kept', number: keptUnmapped },
  ].filter((one) => one.number > 0);
  const words = [
    mapped > 0 && `${mapped} mapped`,
    held > 0 && `${held} held back`,
    conflicts > 0 && `${conflicts} in conflict`,
    keptUnmapped > 0 && `${keptUnmapped} kept unmapped`,
  ].filter(Boolean);
  return (
    <section className="coverage">
      <h3>Coverage</h3>
      <div className="coverage-bar" aria-hidden="true">
        {parts.map((part) => (
          <span key={part.state} className={`coverage-${part.state}`} style={{ flexGrow: part.number }} />
        ))}
      </div>
      <p className="small second">
        {counted(total, 'field')}
        {words.length > 0 ? `: ${words.join(', ')}` : ''}. {bytes.toLocaleString('en-US')}
        {props.size === undefined ? '' : ` of ${props.size.toLocaleString('en-US')}`} bytes accounted for.
      </p>
    </section>
  );
}
