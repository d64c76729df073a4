import type { ReactElement } from 'react';

const circle = <circle cx="8" cy="8" r="6.4" />;

const shapes = {
  mark: <path d="M2.5 7.6l3.4 3.4 7.4-8.2M2.5 14h11" />,
  proven: (
    <>
      {circle}
      <path d="M5 8.2l2.1 2.1L11 6" />
    </>
  ),
  look: (
    <>
      <path d="M1.2 8C2.7 5.2 5.1 3.7 8 3.7S13.3 5.2 14.8 8c-1.5 2.8-3.9 4.3-6.8 4.3S2.7 10.8 1.2 8z" />
      <circle cx="8" cy="8" r="2" />
    </>
  ),
  withheld: (
    <>
      {circle}
      <path d="M3.6 12.4l8.8-8.8" />
    </>
  ),
  warning: <path d="M8 1.9l6.6 11.8H1.4zM8 6.4v3.4M8 11.7v.1" />,
  clock: (
    <>
      {circle}
      <path d="M8 4.4V8l2.5 1.6" />
    </>
  ),
  open: circle,
  partial: (
    <>
      {circle}
      <path d="M5.2 8h.1M8 8h.1M10.8 8h.1" />
    </>
  ),
  pencil: <path d="M2.4 13.6l.8-3.2 7.6-7.6 2.4 2.4-7.6 7.6zM9.3 4.3l2.4 2.4" />,
  up: <path d="M8 14V2.6M3.8 6.8L8 2.6l4.2 4.2" />,
  stop: (
    <>
      {circle}
      <path d="M5 8h6" />
    </>
  ),
} satisfies Record<string, ReactElement>;

export type IconName = keyof typeof shapes;

/** A sign that stands beside its word; it is never the only carrier of a state. */
export function Icon(props: { name: IconName; className?: string }) {
  return (
    <svg className={`icon ${props.className ?? ''}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {shapes[props.name]}
    </svg>
  );
}
