/** The part of Grafana's dashboard model that is used here. */
export interface Query {
  expr: string;
  legend: string;
}

export type Unit = "short" | "s" | "reqps" | "Bps" | "percentunit" | "bytes" | "dateTimeFromNow" | "currencyUSD";

export interface Panel {
  title: string;
  /** How to read the panel. */
  description: string;
  kind: "timeseries" | "stat";
  unit: Unit;
  queries: readonly Query[];
}

export interface Dashboard {
  /** The file's name, and part of the URL in Grafana. */
  name: string;
  title: string;
  description: string;
  /** Rows of up to four panels each. */
  rows: readonly { title: string; panels: readonly Panel[] }[];
}

const WIDTH = 24;
const HEIGHT = { timeseries: 8, stat: 4 };

/** The dashboard has a variable for Prometheus, so that it can be imported anywhere. */
const datasource = { type: "prometheus", uid: "$datasource" };

/** The JSON that Grafana imports. */
export function toGrafana({ name, title, description, rows }: Dashboard): unknown {
  let top = 0;
  const panels: unknown[] = [];
  for (const row of rows) {
    panels.push({
      ...{ id: panels.length + 1, type: "row", title: row.title, collapsed: false, panels: [] },
      ...at(0, top, WIDTH, 1),
    });
    top++;
    const width = WIDTH / row.panels.length;
    for (const [column, panel] of row.panels.entries()) {
      const place = at(column * width, top, width, HEIGHT[panel.kind]);
      panels.push({ id: panels.length + 1, ...toGrafanaPanel(panel), ...place });
    }
    top += Math.max(...row.panels.map(({ kind }) => HEIGHT[kind]));
  }
  return {
    uid: `millrace-${name}`,
    title,
    description,
    tags: ["millrace"],
    editable: true,
    schemaVersion: 39,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    templating: { list: [{ name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" }] },
    links: [{ type: "dashboards", title: "Millrace", tags: ["millrace"], asDropdown: true, keepTime: true }],
    panels,
  };
}

function at(x: number, y: number, w: number, h: number) {
  return { gridPos: { x, y, w, h } };
}

function toGrafanaPanel({ title, description, kind, unit, queries }: Panel) {
  return {
    type: kind,
    title,
    description,
    datasource,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: kind === "stat" ? { reduceOptions: { calcs: ["lastNotNull"] } } : { tooltip: { mode: "multi" } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource,
      expr,
      legendFormat: legend,
    })),
  };
}
