import { useEffect, useRef, useState } from 'react';
import type { LineageView } from '../../../src/core/api.ts';
import { useZone } from '../session.ts';
import { dateText, monthText } from '../time.ts';
import { counted, flagWord } from '../words.ts';

type Series = NonNullable<LineageView['series']>;
type Point = { at: number; when: string; value: number; text: string; flag: string | null; censored: boolean };

const HEIGHT = 122;
const EDGE = { left: 44, right: 44, top: 20, bottom: 34 };

/** The same concept over two years with the reference range as a band; a value such as `<0.02` is a limit, not a number. */
export function SeriesPlot(props: { series: Series }) {
  const { series } = props;
  const zone = useZone();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame, 640);
  const points = series.points.map(pointOf).filter((one) => Number.isFinite(one.value) && Number.isFinite(one.at));
  if (points.length < 2) return null;

  const low = series.low === null ? undefined : Number(series.low);
  const high = series.high === null ? undefined : Number(series.high);
  const x = scale([points[0]!.at, points.at(-1)!.at], [EDGE.left + 8, width - EDGE.right]);
  const y = scale(extent([...points.map((one) => one.value), ...[low, high].filter((one) => one !== undefined)]), [
    HEIGHT - EDGE.bottom,
    EDGE.top,
  ]);
  const last = points.at(-1)!;
  const label = `${last.text}${last.flag ? ` ${flagWord(last.flag)}` : ''}`;

  return (
    <section className="series" ref={frame}>
      <h3 className="strong small">
        {series.concept}
        <span className="series-what">
          {[
            series.unit,
            counted(points.length, 'result'),
            low !== undefined || high !== undefined ? 'band is the reference range' : undefined,
          ]
            .filter(Boolean)
            .join(', ')}
        </span>
      </h3>
      <svg width={width} height={HEIGHT} role="img" aria-label={summary(series, points, zone)}>
        {(low !== undefined || high !== undefined) && (
          <rect
            x={EDGE.left}
            width={Math.max(width - EDGE.left - EDGE.right + 8, 0)}
            y={high === undefined ? EDGE.top : y(high)}
            height={Math.max((low === undefined ? HEIGHT - EDGE.bottom : y(low)) - (high === undefined ? EDGE.top : y(high)), 0)}
            className="series-band"
          />
        )}
        {[low, high].map((limit, index) =>
          limit === undefined ? null : (
            <text key={index === 0 ? 'low' : 'high'} x={EDGE.left - 6} y={y(limit) + 4} textAnchor="end">
              {index === 0 ? series.low : series.high}
            </text>
          ),
        )}
        <polyline className="series-line" points={points.map((one) => `${x(one.at).toFixed(1)},${y(one.value).toFixed(1)}`).join(' ')} />
        {points.map((one, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two results may bear the same time
          <Dot key={`${one.when} ${index}`} point={one} x={x(one.at)} y={y(one.value)} last={index === points.length - 1} zone={zone} />
        ))}
        <text
          x={Math.min(x(last.at) + 4, width - 2)}
          y={labelBelow(points) ? y(last.value) + 18 : y(last.value) - 8}
          textAnchor="end"
          className={last.flag ? 'series-flagged' : 'series-last'}
        >
          {label}
        </text>
        {ticks(points, width).map((tick) => (
          <text key={tick.at} x={x(tick.at)} y={HEIGHT - 6} textAnchor={tick.anchor}>
            {monthText(new Date(tick.at).toISOString(), zone)}
          </text>
        ))}
      </svg>
    </section>
  );
}

function Dot(props: { point: Point; x: number; y: number; last: boolean; zone: string }) {
  const { point, x, y } = props;
  const title = `${point.text}, ${dateText(point.when, props.zone)}`;
  if (point.censored) {
    return (
      <path d={`M${x - 4} ${y - 3}h8l-4 7z`} className="series-limit">
        <title>{title}</title>
      </path>
    );
  }
  return (
    <circle cx={x} cy={y} r={props.last ? 3.5 : 3} className={point.flag ? 'series-dot is-flagged' : 'series-dot'}>
      <title>{title}</title>
    </circle>
  );
}

function pointOf(point: Series['points'][number]): Point {
  const number = Number.parseFloat(point.value.replace(/^[<>≤≥=\s]+/, ''));
  const flag = point.flag && !/^(n|normal)$/i.test(point.flag) ? point.flag : null;
  return { at: Date.parse(point.at), when: point.at, value: number, text: point.value, flag, censored: /^[<>≤≥]/.test(point.value) };
}

/** Beside a falling line the label stands below, so that it does not lie on it. */
function labelBelow(points: Point[]): boolean {
  const [before, last] = points.slice(-2);
  return before !== undefined && last !== undefined && last.value < before.value;
}

function scale(from: [number, number], to: [number, number]): (value: number) => number {
  const size = from[1] - from[0] || 1;
  return (value) => to[0] + ((value - from[0]) / size) * (to[1] - to[0]);
}

function extent(values: number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // A little room, so that no point and no limit of the band lies on the frame.
  const room = (high - low) * 0.08 || 1;
  return [low - room, high + room];
}

function ticks(points: Point[], width: number): { at: number; anchor: 'start' | 'middle' | 'end' }[] {
  const [first, last] = [points[0]!.at, points.at(-1)!.at];
  const steps = width < 420 ? 1 : 3;
  return Array.from({ length: steps + 1 }, (_, index) => ({
    at: first + ((last - first) * index) / steps,
    anchor: index === 0 ? 'start' : index === steps ? 'end' : 'middle',
  }));
}

function summary(series: Series, points: Point[], zone: string): string {
  const [first, last] = [points[0]!, points.at(-1)!];
  const unit = series.unit ? ` ${series.unit}` : '';
  return `${series.concept}: ${points.length} results from ${first.text}${unit} on ${dateText(first.when, zone)} to ${last.text}${unit} on ${dateText(last.when, zone)}`;
}

function useWidth(frame: React.RefObject<HTMLElement | null>, first: number): number {
  const [width, setWidth] = useState(first);
  useEffect(() => {
    if (!frame.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(Math.floor(entry.contentRect.width), 200)));
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [frame]);
  return width;
}
