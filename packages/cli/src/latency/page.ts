import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { LatencyCollector } from "./collect.ts";
import { plotsOf } from "./plots.ts";
import { latencyTable } from "./table.ts";

const require = createRequire(import.meta.url);

/** Runs in the browser. Clicking a legend entry hides its series; dragging a range zooms into it. */
const draw = `
const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
const [ink, grid] = isDark ? ["#e6e6e6", "#3a3a3a"] : ["#1f1f1f", "#dcdcdc"];
const plots = JSON.parse(document.getElementById("plots").textContent).map((plot) => {
  const section = document.body.appendChild(document.createElement("section"));
  section.appendChild(document.createElement("h2")).textContent = plot.title;
  const axis = { stroke: ink, grid: { stroke: grid }, ticks: { stroke: grid } };
  const colour = (index) => "hsl(" + Math.round((index * 137.5) % 360) + " 65% " + (isDark ? 65 : 38) + "%)";
  return new uPlot({
    width: section.clientWidth,
    height: 320,
    scales: { x: { time: plot.isTime }, y: plot.isLogarithmic ? { distr: 3 } : {} },
    axes: [{ ...axis, label: plot.xLabel }, { ...axis, label: plot.yLabel, size: 70 }],
    series: [{ label: plot.xLabel }, ...plot.series.map((label, index) => ({
      label, stroke: colour(index), width: 1.5, points: { size: 4 },
      value: (_, value) => (value == null ? "–" : value.toFixed(1)),
    }))],
  }, plot.data, section);
});
addEventListener("resize", () => plots.forEach((plot) => plot.setSize({ width: plot.root.parentElement.clientWidth, height: 320 })));
`;

const style = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 72rem; padding: 0 1rem; }
pre { overflow-x: auto; }
.u-legend { text-align: left; }
`;

/** Renders the report as a self-contained page: it embeds uPlot, and its policy forbids the browser any request. */
export function latencyPage(collector: LatencyCollector): string {
  const library = (file: string) => readFileSync(require.resolve(`uplot/dist/${file}`), "utf8");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Millrace: latency</title>
<style>${library("uPlot.min.css")}${style}</style>
</head>
<body>
<h1>Latency</h1>
<pre>${escaped(latencyTable(collector.report))}</pre>
<script type="application/json" id="plots">${JSON.stringify(plotsOf(collector)).replaceAll("<", "\\u003c")}</script>
<script>${library("uPlot.iife.min.js")}</script>
<script>${draw}</script>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
