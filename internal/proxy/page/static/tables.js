// The tiles and tables. All text goes in as text: model names come from clients.
import { clock, count, digits, dollars, el, none, seconds, short, span } from "./words.js";

const $ = (id) => document.getElementById(id);

/** row makes a row of cells; a cell is text, or [text, class], or an element. */
function row(cells, tag = "td") {
  return el("tr", {}, ...cells.map((c) => {
    if (c instanceof Node) return el(tag, {}, c);
    return Array.isArray(c) ? el(tag, { class: c[1], title: c[2] }, c[0]) : el(tag, {}, c ?? none);
  }));
}

function fill(table, head, rows, empty) {
  const body = rows.length ? rows : [el("tr", {}, el("td", { colspan: head.length, class: "quiet" }, empty))];
  $(table).replaceChildren(el("thead", {}, row(head, "th")), el("tbody", {}, ...body));
}

/** tiles shows the totals. Each figure stands there plainly as well, for programs. */
export function tiles(t, seconds_) {
  const errors = t.limited + t.failed;
  const list = [
    ["requests", count(t.requests), t.requests, digits(t.requests / seconds_) + " per second"],
    ["errors", digits(t.errors_pct) + " %", errors, count(t.limited) + " × 429, " + count(t.failed) + " failed", errors ? "warn" : ""],
    ["ttft", seconds(t.first.p50), t.first.p50, "to first token, p50; p95 " + seconds(t.first.p95)],
    ["speed", digits(t.speed.p50), t.speed.p50, "tokens per second, p50; slowest 5 % " + digits(t.speed.p5)],
    ["prompt", short(t.prompt), t.prompt, "tokens in, " + (t.prompt ? digits((100 * t.cached) / t.prompt) : 0) + " % cached"],
    ["completion", short(t.completion), t.completion, "tokens out, " + short(t.reasoning) + " thought"],
    ["cost", t.completion + t.prompt ? dollars(t.cost) : none, t.cost, (t.plan ? "cost, of which " + dollars(t.plan) + " is a plan's: its price without one" : "cost") + (t.unpriced ? "; " + count(t.unpriced) + " requests have no known price" : "")],
    ["failovers", count(t.failovers), t.failovers, "passed on to another provider; " + count(t.throttled) + " × 429 from providers"],
  ];
  $("tiles").replaceChildren(...list.map(([id, text, value, note, kind]) =>
    el("div", { class: "tile" }, el("b", { id: "n-" + id, "data-value": value ?? "", class: kind }, text), el("span", { class: "quiet" }, note))));
}

const stateClass = { ready: "good", busy: "one", cooling: "warn", parked: "bad", missing: "bad", disabled: "quiet" };

/** keys shows the keys; the seconds of their cooldowns run here. */
export function keys(status) {
  const rows = (status.providers ?? []).flatMap((p) => p.keys.map((k) => {
    const left = k.cool_until ? (new Date(k.cool_until) - Date.now()) / 1000 : 0;
    const state = left > 0 ? "cooling, back in " + span(left) : k.state === "cooling" ? "ready" : k.state;
    const kind = left > 0 ? "cooling" : k.state === "cooling" ? "ready" : k.state;
    return row([
      p.id, [k.name + (k.current ? " ●" : ""), "near", k.current ? "the one in use" : null], [state, "near " + stateClass[kind]], [count(k.in_flight), "n"], [count(k.uses), "n"],
      [count(k.errors), "n"], [left > 0 || k.state !== "cooling" ? k.reason ?? "" : "", "why"],
    ]);
  }));
  fill("keys", ["provider", "key", "state", ["running", "n"], ["used", "n"], ["errors", "n"], "why"], rows, "no provider has a key yet: glmtray keys add");
}

export function limits(status) {
  const rows = (status.providers ?? []).flatMap((p) => (p.limits ?? []).map((l) => {
    const known = l.limit > 0 && l.remaining >= 0;
    const reset = l.reset ? (new Date(l.reset) - Date.now()) / 1000 : 0;
    return row([
      p.id, l.account, l.kind + (l.window ? " per " + l.window : ""), [l.remaining >= 0 ? count(l.remaining) : none, "n"],
      [l.limit >= 0 ? count(l.limit) : none, "n"],
      known ? el("meter", { min: 0, max: l.limit, low: l.limit / 5, optimum: l.limit, value: l.remaining }) : "",
      reset > 0 ? "in " + span(reset) : "", clock(l.seen),
    ]);
  }));
  $("limits-section").hidden = rows.length === 0;
  fill("limits", ["provider", "account", "what", ["left", "n"], ["of", "n"], "", "full again", "seen"], rows, "");
}

/** sides compares the canary with the rest. */
export function sides(main, variants) {
  const a = variants[main], b = variants.canary;
  $("canary").hidden = !b || main === "canary";
  if (!b) return;
  $("main-name").textContent = main;
  const share = a ? (100 * b.requests) / (a.requests + b.requests) : 100;
  const lines = [
    ["requests", (t) => count(t.requests)],
    ["errors (429 and failed)", (t) => digits(t.errors_pct) + " %"],
    ["429", (t) => count(t.limited)],
    ["tries that failed at a provider", (t) => count(t.missed) + " of " + count(t.tries)],
    ["passed on to another provider", (t) => count(t.failovers)],
    ["time to first token p50 · p95", (t) => seconds(t.first.p50) + " · " + seconds(t.first.p95)],
    ["whole request p50 · p95", (t) => seconds(t.took.p50) + " · " + seconds(t.took.p95)],
    ["tokens per second p50", (t) => digits(t.speed.p50)],
    ["tokens in · out", (t) => short(t.prompt) + " · " + short(t.completion)],
    ["cost", (t) => (t.prompt + t.completion ? dollars(t.cost) : none)],
  ];
  fill("sides", ["", [main, "n"], ["canary (" + digits(share) + " %)", "n"]],
    lines.map(([name, of]) => row([name, [a ? of(a) : none, "n"], [of(b), "n"]])), "");
}

export function latest(list) {
  const rows = list.map((f) => {
    const stream = f.stream && f.outcome === "ok";
    const rest = (f.took_ns - f.first_byte_ns) / 1e9;
    const tokens = f.tokens ?? {};
    const speed = stream && tokens.completion > 0 && rest >= 0.01 ? digits(tokens.completion / rest) : none;
    const kind = f.outcome === "ok" ? "good" : f.status === 429 ? "warn" : f.status === 499 ? "quiet" : "bad";
    return row([
      [clock(f.time), "near"], [f.client || none], [f.asked || none],
      [f.provider ? f.provider + " " + f.model : none], [f.key || none],
      [f.status + " " + f.outcome, kind], [stream ? seconds(f.first_byte_ns / 1e9) : none, "n near"], [speed, "n"],
      [tokens.prompt ? short(tokens.prompt) + " + " + short(tokens.completion ?? 0) : none, "n near"], [seconds(f.took_ns / 1e9), "n near"],
      [(f.variant && f.variant !== "production" ? f.variant + " · " : "") + [f.rule, f.reason].filter(Boolean).join(": ") + (f.attempts > 1 ? " · " + f.attempts + " tries" : "") + (f.error ? " · " + f.error : ""), "why"],
    ]);
  });
  fill("latest", ["time", "client", "asked", "answered", "key", "outcome", ["first token", "n"], ["tokens/s", "n"], ["tokens", "n"], ["took", "n"], "why"], rows,
    "nothing yet: point an agent here with glmtray connect");
}
