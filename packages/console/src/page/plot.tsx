import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { formatTime } from "./format.ts";
import { onColoursChange } from "./theme.ts";

interface PlotSeries {
  label: string;
  /** A token of styles/tokens.css. */
  colour: string;
  values: readonly (number | null)[];
}

interface PlotProps {
  title: string;
  /** Seconds since 1970. */
  times: readonly number[];
  series: readonly PlotSeries[];
  format(value: number): string;
}

const HEIGHT = 210;

/** Values over time. The legend shows the latest ones, or those under the pointer. */
export function Plot({ title, times, series, format }: PlotProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const index = pointed ?? times.length - 1;
  return (
    <figure>
      <figcaption>
        <strong>{title}</strong>
        <ul class="legend">
          {series.map(({ label, colour, values }) => (
            <li key={label}>
              <span class="line" style={{ background: `var(${colour})` }} aria-hidden="true" />
              {label} <span class="latest">{formatOptional(values[index], format)}</span>
            </li>
          ))}
          <li class="at">{pointed !== null && formatTime((times[index] ?? 0) * 1_000)}</li>
        </ul>
      </figcaption>
      <Canvas times={times} series={series} format={format} onPoint={setPointed} />
    </figure>
  );
}

function formatOptional(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

type CanvasProps = Omit<PlotProps, "title"> & { onPoint(index: number | null): void };

function Canvas({ times, series, format, onPoint }: CanvasProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data = [times, ...series.map(({ values }) => values)] as uPlot.AlignedData;
  const latest = useRef(data);
  latest.current = data;
  const labels = series.map(({ label }) => label).join();

  // Redraws for new lines or colours, and only sets the data for new values.
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(series, format, onPoint, element), latest.current, element);
    };
    draw();
    const resize = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    const forget = onColoursChange(draw);
    return () => {
      forget();
      resize.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [labels]);
  useEffect(() => plot.current?.setData(data), [times, series]);
  return <div ref={place} class="plot" aria-hidden="true" />;
}

function optionsOf(
  series: readonly PlotSeries[],
  format: (value: number) => string,
  onPoint: (index: number | null) => void,
  element: Element,
): uPlot.Options {
  const colour = (token: string) => colourOf(token, element);
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: '12px "IBM Plex Sans", sans-serif',
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { setScale: false }, points: { size: 7 }, y: false },
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
    scales: { y: { range: (_, __, max) => [0, Math.max((max ?? 0) * 1.15, 1)] } },
    axes: [
      { ...axis, size: 28, space: 90, values: (_, times) => times.map((time) => formatTime(time * 1_000)) },
      { ...axis, size: 68, space: 36, values: (_, values) => values.map(format) },
    ],
    series: [{}, ...series.map((each) => ({ stroke: colour(each.colour), width: 2, points: { show: true, size: 3 } }))],
  };
}

/** Resolves a CSS variable by an element's computed style, as a canvas accepts no variables. */
function colourOf(token: string, parent: Element): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  parent.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
