// The charts. Each is a row of the table below.
import { digits, dollars, el, seconds, short } from "./words.js";

const rate = (v) => (v == null ? "–" : digits(v) + "/s");

// Stacked layers are drawn as bars from 0, the sum of all first: `add` says which
// columns a layer sums up, `show` which of them its legend tells.
const table = [
  {
    title: "Requests", unit: "per second", per: 1, stack: true, value: rate,
    series: [["failed", "--bad", "failed"], ["429", "--warn", "limited"], ["refused", "--two", "refused"], ["ok", "--good", "ok"]],
  },
  { title: "Time to first token", unit: "streams", value: seconds, series: [["p99", "--bad", "first99"], ["p95", "--warn", "first95"], ["p50", "--one", "first50"]] },
  { title: "Whole request", unit: "that went well", value: seconds, series: [["p99", "--bad", "took99"], ["p95", "--warn", "took95"], ["p50", "--one", "took50"]] },
  { title: "Tokens per second", unit: "streams, after the first token", value: digits, series: [["p95", "--three", "speed95"], ["p50", "--one", "speed50"], ["p5", "--bad", "speed5"]] },
  {
    title: "Tokens", unit: "per minute", per: 60, stack: true, value: short,
    series: [["out", "--two", "completion"], ["in", "--one", "prompt"], ["in, cached", "--three", "cached"]],
  },
  {
    title: "Providers", unit: "tries per minute that failed", per: 60, value: short,
    series: [["failed", "--bad", "missed"], ["429", "--warn", "throttled"], ["passed on", "--one", "failovers"]],
  },
  { title: "Limiter", unit: "most at once, longest waits", value: digits, series: [["at once", "--one", "peak"], ["wait p95, s", "--warn", "waited95"]] },
  { title: "Cost", unit: "of what has a known price, per hour", per: 3600, value: dollars, series: [["cost", "--good", "cost"]] },
];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** lonely points have no neighbour to draw a line to, so they get a dot. */
function lonely(u, i) {
  const d = u.data[i];
  return d.flatMap((v, at) => (v != null && d[at - 1] == null && d[at + 1] == null ? [at] : []));
}

/** Charts draws a view into a box, and again when another view comes. */
export class Charts {
  constructor(box, zoom) {
    this.box = box;
    this.zoom = zoom;
    new ResizeObserver(() => this.resize()).observe(box);
  }

  show(view) {
    this.view = view;
    if (!this.all) this.build();
    this.all.forEach((c) => {
      this.fill(c);
      c.plot.setData(c.data);
    });
  }

  /** build makes all charts anew, as after a change of colours. */
  build() {
    this.all?.forEach((c) => c.plot.destroy());
    this.box.replaceChildren();
    this.all = table.map((row) => {
      const box = el("div", { class: "chart" }, el("h2", {}, row.title, el("small", {}, row.unit)));
      this.box.append(box);
      const c = { row, box };
      this.fill(c);
      c.plot = new uPlot(this.options(c), c.data, box);
      return c;
    });
    this.resize();
  }

  /** fill turns the view's columns into a chart's data, and keeps what a legend tells. */
  fill(c) {
    const { from, step, now, points } = this.view;
    const n = points.ok?.length ?? 0;
    const times = Array.from({ length: n }, (_, i) => from + i * step);
    const scale = (v, i) => {
      if (v == null || !c.row.per) return v;
      const width = i === n - 1 ? Math.max(step / 2, now - times[i]) : step; // the newest is not over
      return (v * c.row.per) / width;
    };
    c.raw = c.row.series.map(([, , column]) => (points[column] ?? []).map(scale));
    let drawn = c.raw;
    if (c.row.stack) {
      drawn = c.raw.map((_, layer) => times.map((_, i) => c.raw.slice(layer).reduce((sum, v) => sum + (v[i] ?? 0), 0)));
    }
    c.data = [times, ...drawn];
  }

  options(c) {
    const quiet = color("--quiet"), line = color("--line");
    const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font: "11px system-ui" };
    return {
      width: 400, height: 170,
      cursor: { sync: { key: "glmtray" }, drag: { x: true, y: false, setScale: false } },
      hooks: { setSelect: [(u) => this.selected(u)] },
      scales: {
        x: { range: () => [this.view.from, Math.max(this.view.now, this.view.from + this.view.step)] },
        y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
      },
      axes: [{ ...axis, values: (_, ticks) => ticks.map((t) => this.time(t)) }, { ...axis, size: 62, values: (_, ticks) => ticks.map((v) => (c.row.value === rate ? digits(v) : c.row.value(v))) }],
      series: [
        { value: (_, v) => (v == null ? "–" : new Date(v * 1000).toLocaleString("en-GB")), label: "time" },
        ...c.row.series.map(([label, name], i) => ({
          label, stroke: color(name), width: c.row.stack ? 0 : 1.5, fill: c.row.stack ? color(name) : undefined,
          paths: c.row.stack ? uPlot.paths.bars({ size: [0.9, 24], gap: 0 }) : undefined,
          points: c.row.stack ? { show: false } : { show: true, size: 4, filter: lonely },
          value: (_, __, ___, at) => c.row.value(at == null ? null : c.raw[i][at]),
        })),
      ],
    };
  }

  /** time writes a tick: the day where it begins, else the hour. */
  time(t) {
    const d = new Date(t * 1000);
    if (d.getHours() === 0 && d.getMinutes() === 0 && d.getSeconds() === 0) {
      return d.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
    }
    return d.toLocaleTimeString("en-GB", this.view.step < 15 ? {} : { hour: "2-digit", minute: "2-digit" });
  }

  selected(u) {
    if (u.select.width < 5) return;
    const at = (px) => u.posToVal(px, "x");
    this.zoom(at(u.select.left), at(u.select.left + u.select.width));
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  resize() {
    this.all?.forEach((c) => {
      const width = c.box.clientWidth - 28;
      if (width > 0 && width !== c.plot.width) c.plot.setSize({ width, height: 170 });
    });
  }
}
