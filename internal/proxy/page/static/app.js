import { Charts } from "./charts.js";
import { figures, follow, hasKey, setKey, Unknown } from "./live.js";
import * as tables from "./tables.js";
import { count, el, span } from "./words.js";

const $ = (id) => document.getElementById(id);
const ranges = [["5 min", "5m", 300], ["15 min", "15m", 900], ["1 h", "1h", 3600], ["6 h", "6h", 21600], ["24 h", "24h", 86400], ["7 days", "7d", 604800]];
const most = 100; // requests in the list

const now = {
  range: localStorage.getItem("glmtray range") ?? "15m",
  variant: "all",
  zoom: null, // [from, to] in seconds since 1970
  status: {},
  latest: [],
  main: "production",
  down: null, // seconds to the next try; null: connected
};

// ---- colours

const dark = matchMedia("(prefers-color-scheme: dark)");

function paint() {
  const wish = localStorage.getItem("glmtray theme") ?? "system";
  document.documentElement.dataset.theme = wish === "system" ? (dark.matches ? "dark" : "light") : wish;
  $("theme").textContent = { system: "◐ system", dark: "● dark", light: "○ light" }[wish];
  if (charts.all) charts.build();
}

// ---- figures

const charts = new Charts($("charts"), (from, to) => {
  now.zoom = [from, to];
  refresh();
});

let asking = 0;

async function refresh() {
  const mine = ++asking;
  const query = { range: now.range, variant: now.variant };
  if (now.zoom) {
    query.range = Math.max(60, Math.ceil(now.zoom[1] - now.zoom[0])) + "s";
    query.until = Math.floor(now.zoom[1]);
  }
  const f = await figures(query);
  if (mine !== asking) return; // another was asked for meanwhile
  now.latest = f.latest ?? [];
  now.main = f.main;
  Object.assign(now.status, { providers: f.providers, requests: f.requests });
  choices(f.variants ?? []);
  const length = now.zoom ? now.zoom[1] - now.zoom[0] : ranges.find(([, r]) => r === now.range)[2];
  tables.tiles(f.view.totals, length);
  tables.sides(f.main, f.view.variants);
  tables.latest(now.latest);
  charts.show(f.view);
  $("live").hidden = !now.zoom;
  document.body.dataset.shown = f.view.totals.requests; // for programs: the figures stand there
}

// A burst of requests is one look at the figures, and the newest second is never
// older than that.
let due = null, last = 0;

function soon() {
  if (due || document.hidden) return;
  due = setTimeout(async () => {
    due = null;
    last = Date.now();
    try {
      await refresh();
    } catch (e) {
      if (e instanceof Unknown) location.reload();
    }
  }, 1000);
}

function choices(variants) {
  $("variant-label").hidden = variants.length < 2 && now.variant === "all";
  const list = ["all", ...variants];
  if ([...$("variant").options].map((o) => o.value).join() === list.join()) return;
  $("variant").replaceChildren(...list.map((v) => el("option", { value: v, selected: v === now.variant }, v)));
}

// ---- state

function state() {
  const s = now.status, pill = $("state");
  let text = "serving", kind = "good";
  if (now.down != null) [text, kind] = [now.down ? "no connection, again in " + now.down + " s" : "connecting…", "bad"];
  else if (s.state === "stopping") [text, kind] = ["stopping", "warn"];
  else if (s.state === "paused") [text, kind] = ["paused", "warn"];
  else if (s.demo) [text, kind] = ["demo: no key yet", "warn"];
  pill.textContent = text;
  pill.className = "pill " + kind;
  const facts = [];
  if (s.addr) facts.push(s.addr);
  if (s.version) facts.push("version " + s.version);
  if (s.primary) facts.push("primary " + s.primary);
  if (s.pinned && new Date(s.pinned.until) > Date.now()) facts.push("pinned to " + s.pinned.provider + " for " + span((new Date(s.pinned.until) - Date.now()) / 1000));
  if (s.requests) facts.push(count(s.requests.in_flight) + " running" + (s.requests.waiting ? ", " + count(s.requests.waiting) + " waiting" : ""));
  $("facts").textContent = facts.join(" · ");
  tables.keys(s);
  tables.limits(s);
}

function event(name, e) {
  now.down = null;
  switch (name) {
    case "snapshot":
      now.status = e;
      soon();
      break;
    case "routed":
      if (now.status.requests) now.status.requests.in_flight++;
      break;
    case "finished":
      if (now.status.requests) now.status.requests.in_flight = Math.max(0, now.status.requests.in_flight - 1);
      now.latest = [e, ...now.latest.filter((f) => f.id !== e.id)].slice(0, most);
      tables.latest(now.latest);
      soon();
      break;
    case "key": {
      const k = (now.status.providers ?? []).find((p) => p.id === e.provider)?.keys.find((k) => k.name === e.key);
      if (k) Object.assign(k, { state: e.state, cool_until: e.cool_until, reason: e.reason });
      break;
    }
    case "server":
      if (e.state === "pinned") now.status.pinned = { provider: e.detail, until: e.until };
      else if (e.state === "unpinned") now.status.pinned = null;
      else if (["serving", "paused", "stopping"].includes(e.state)) now.status.state = e.state;
      break;
  }
  if (name !== "log") state();
}

// ---- begin

for (const [name, range] of ranges) {
  const b = el("button", { "aria-pressed": String(range === now.range) }, name);
  b.addEventListener("click", () => {
    now.range = range;
    now.zoom = null;
    localStorage.setItem("glmtray range", range);
    for (const other of $("ranges").children) other.setAttribute("aria-pressed", String(other === b));
    refresh();
  });
  $("ranges").append(b);
}
$("live").addEventListener("click", () => { now.zoom = null; refresh(); });
$("variant").addEventListener("change", (e) => { now.variant = e.target.value; refresh(); });
$("theme").addEventListener("click", () => {
  const next = { system: "dark", dark: "light", light: "system" };
  localStorage.setItem("glmtray theme", next[localStorage.getItem("glmtray theme") ?? "system"]);
  paint();
});
dark.addEventListener("change", paint);
document.addEventListener("visibilitychange", soon);

async function begin() {
  if (!ranges.some(([, r]) => r === now.range)) now.range = "15m";
  paint();
  try {
    await refresh();
  } catch (e) {
    if (!(e instanceof Unknown)) throw e;
    $("wrong").hidden = !hasKey();
    $("ask").showModal();
    return;
  }
  document.querySelector("main").hidden = false;
  charts.resize();
  setInterval(() => {
    state(); // the seconds of cooldowns run
    if (now.down == null && !now.zoom && Date.now() - last > 5000) soon();
  }, 1000);
  await follow(event, (left) => { now.down = left; state(); });
}

$("ask").addEventListener("submit", (e) => {
  e.preventDefault();
  setKey($("key").value.trim());
  location.reload();
});

begin().catch((e) => {
  if (e instanceof Unknown) return location.reload();
  $("state").textContent = e.message;
  $("state").className = "pill bad";
});
