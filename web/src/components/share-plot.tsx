import { type Proportion, percentText } from '../proportion.ts';

const ROW = 26;
const RIGHT = 220;

/** Shares of what was offered, each with its 95 % interval and n: the dot is what was seen, the line what it may be. */
export function SharePlot(props: { rows: { title: string; of: Proportion }[] }) {
  // The longest title decides where the plot begins: 13 px letters are at most 7 px wide on average.
  const left = Math.max(190, ...props.rows.map((row) => row.title.length * 7));
  const width = left + 570;
  const inner = width - left - RIGHT;
  const height = props.rows.length * ROW + 22;
  const x = (share: number) => left + share * inner;
  const words = props.rows
    .map((row) => `${row.title} ${percentText(row.of.share)}, ${percentText(row.of.low)} to ${percentText(row.of.high)}, n ${row.of.n}`)
    .join('; ');
  return (
    <svg className="shares" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={words}>
      {[0, 0.25, 0.5, 0.75, 1].map((tick) => (
        <g key={tick}>
          <path d={`M${x(tick)} 0V${height - 20}`} className="shares-grid" />
          <text x={x(tick)} y={height - 5} textAnchor="middle">
            {percentText(tick)}
          </text>
        </g>
      ))}
      {props.rows.map((row, index) => {
        const y = index * ROW + 14;
        return (
          <g key={row.title}>
            <text x={0} y={y + 4} className="shares-title">
              {row.title}
            </text>
            <path
              d={`M${x(row.of.low)} ${y}H${x(row.of.high)}M${x(row.of.low)} ${y - 4}v8M${x(row.of.high)} ${y - 4}v8`}
              className="shares-interval"
            />
            <circle cx={x(row.of.share)} cy={y} r={4} className="shares-dot" />
            <text x={width - RIGHT + 24} y={y + 4}>
              {percentText(row.of.share)} ({percentText(row.of.low)} to {percentText(row.of.high)}), n = {row.of.n.toLocaleString('en-US')}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
