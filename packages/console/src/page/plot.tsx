import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { onColoursChange } from "./theme.ts";

interface Series {
  label: string;
  /** A token of styles/tokens.css. */
  colour: string;
  values: readonly (number | null)[];
}

interface PlotProps {
  /** Seconds since 1970. */
  times: readonly number[];
  series: readonly Series[];
  format(value: number): string;
}

const HEIGHT = 220;

/** Values over time; the legend tells those under the pointer. */
export function Plot({ times, series, format }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data = [times, ...series.map(({ values }) => values)] as uPlot.AlignedData;
  const latest = useRef(data);
  latest.current = data;
  const labels = series.map(({ label }) => label).join();

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(series, format, element), latest.current, element);
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
  useEffect(() => plot.current?.setData(data));
  return <div ref={place} class="plot" aria-hidden="true" />;
}

function optionsOf(series: readonly Series[], format: (value: number) => string, element: Element): uPlot.Options {
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
    cursor: { drag: { setScale: false }, points: { size: 7 } },
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.15, 1)] } },
    axes: [
      { ...axis, space: 90, values: "{HH}:{mm}:{ss}" },
      { ...axis, size: 64, values: (_, values) => values.map(format) },
    ],
    series: [
      { value: "{HH}:{mm}:{ss}", label: "at" },
      ...series.map(({ label, colour: token }) => ({
        label,
        stroke: colour(token),
        width: 2,
        points: { show: false },
        value: (_: uPlot, value: number | null) => (value === null ? "–" : format(value)),
      })),
    ],
  };
}

/** A canvas takes no variables: an element that is given the colour tells what it comes to. */
function colourOf(token: string, parent: Element): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  parent.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
