const BAR = 3;
const GAP = 1;
const HEIGHT = 16;

/** Receipts in each half hour of the last day; a silence that reaches until now is marked from its start. */
export function DayStrip(props: { strip: number[]; silent: boolean; label: string }) {
  const { strip } = props;
  const width = strip.length * (BAR + GAP);
  const most = Math.max(...strip, 1);
  const lastHeard = strip.findLastIndex((one) => one > 0);
  const quietFrom = (lastHeard + 1) * (BAR + GAP);
  return (
    <svg className="strip" width={width} height={HEIGHT + 1} role="img" aria-label={props.label}>
      {props.silent && <rect x={quietFrom} width={width - quietFrom} y={0} height={HEIGHT} className="strip-silence" />}
      {props.silent && <path d={`M${quietFrom + 0.5} 0v${HEIGHT}`} className="strip-silence-edge" />}
      <path d={`M0 ${HEIGHT + 0.5}h${width}`} className="strip-ground" />
      {strip.map((one, index) =>
        one === 0 ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a half hour is its place in the day
          <rect key={index} x={index * (BAR + GAP)} width={BAR} y={HEIGHT - barHeight(one, most)} height={barHeight(one, most)} />
        ),
      )}
    </svg>
  );
}

function barHeight(value: number, most: number): number {
  return Math.max(Math.round((value / most) * (HEIGHT - 1)), 1);
}
