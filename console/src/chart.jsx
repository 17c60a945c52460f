// A chart over time that follows the theme and the width of the page.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** series: [{label, stroke: a CSS variable, of: sample => number}] */
/** Steps of an axis of bytes: powers of two. */
const BYTE_STEPS = Array.from({ length: 40 }, (_, i) => 2 ** i);

export function Chart({ title, series, samples, format, max, bytes }) {
  const place = useRef();
  const plot = useRef();
  const latest = useRef();
  const data = [samples.map(s => s.millis / 1000), ...series.map(s => samples.map(s.of))];
  latest.current = data;
  useEffect(() => {
    const node = place.current;
    const make = () => {
      plot.current?.destroy();
      const axis = { stroke: color('--quiet'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' };
      plot.current = new uPlot({
        width: node.clientWidth,
        height: 150,
        padding: [8, 8, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: { y: { range: (u, low, high) => [0, max ?? Math.max(high * 1.15, 1)] } },
        axes: [
          { ...axis, grid: { show: false }, values: '{HH}:{mm}:{ss}', space: 90, size: 26 },
          { ...axis, size: 62, values: (u, ticks) => ticks.map(format), space: 36, ...(bytes && { incrs: BYTE_STEPS }) },
        ],
        series: [{}, ...series.map(s => ({ stroke: color(s.stroke), width: 1.75, points: { show: false }, fill: series.length === 1 ? color(s.stroke) + '22' : undefined }))],
      }, latest.current, node);
    };
    make();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: node.clientWidth, height: 150 }));
    resized.observe(node);
    addEventListener('themechange', make);
    return () => {
      resized.disconnect();
      removeEventListener('themechange', make);
      plot.current.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => plot.current?.setData(data), [samples]);
  const last = samples.at(-1);
  return (
    <section class="card">
      <header>
        <h2>{title}</h2>
        <div class="legend">
          {series.map(s => <span key={s.label}><i ref={dot => dot && (dot.style.background = `var(${s.stroke})`)} />{s.label} <b>{last ? format(s.of(last)) : '–'}</b></span>)}
        </div>
      </header>
      <div class="body">
        <div class="chart" ref={place} role="img" aria-label={title + ' in the last minutes; now '
          + series.map(s => s.label + ' ' + (last ? format(s.of(last)) : 'unknown')).join(', ')} />
      </div>
    </section>
  );
}
