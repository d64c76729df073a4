import { useZone } from '../session.ts';
import { clockText, dateText, dateTimeText, exactText } from '../time.ts';

/** A moment in the site's zone; the exact time with its zone on hover. What the source did not say is said in words. */
export function Moment(props: { at: string | null; show?: 'date' | 'time' | 'clock' | 'seconds'; missing?: string }) {
  const zone = useZone();
  if (!props.at) return <span className="third">{props.missing ?? 'not given'}</span>;
  return (
    <time dateTime={props.at} title={exactText(props.at, zone)}>
      {shown(props.at, props.show ?? 'time', zone)}
    </time>
  );
}

function shown(at: string, show: 'date' | 'time' | 'clock' | 'seconds', zone: string): string {
  if (show === 'date') return dateText(at, zone);
  if (show === 'clock') return clockText(at, zone);
  if (show === 'seconds') return `${dateText(at, zone)} ${clockText(at, zone, true)}`;
  return dateTimeText(at, zone);
}
