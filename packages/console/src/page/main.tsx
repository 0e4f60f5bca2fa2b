import { render } from "preact";
import { App } from "./app.tsx";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/map.css";
import "./styles/panels.css";
import "uplot/dist/uPlot.min.css";
import { applyTheme, storedTheme } from "./theme.ts";

const root = document.getElementById("console");
if (!root) throw new Error("the page has no element #console");
applyTheme(storedTheme());
render(<App />, root);
