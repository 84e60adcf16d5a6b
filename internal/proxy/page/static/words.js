// How figures are written. Everything that is not known is "–", never 0.

export const none = "–";

export function count(n) { return n == null ? none : Math.round(n).toLocaleString("en-US"); }

/** short writes 12,345,678 as 12.3 M. */
export function short(n) {
  if (n == null) return none;
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (n >= size) return digits(n / (unit === "k" ? 1e3 : size)) + " " + unit;
  }
  return digits(n);
}

/** digits keeps three of them: 0.123, 1.23, 12.3, 123. */
export function digits(n) {
  if (n == null) return none;
  if (n === 0) return "0";
  return Number(n.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/** seconds writes a time as it is read best. */
export function seconds(s) {
  if (s == null) return none;
  if (s < 1) return digits(s * 1000) + " ms";
  if (s < 90) return digits(s) + " s";
  return span(s);
}

/** span writes a wait: "11 s", "4 min 5 s", "3 h 20 min", "2 days". */
export function span(s) {
  s = Math.max(0, Math.ceil(s));
  if (s < 90) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min" + (s % 60 ? " " + (s % 60) + " s" : "");
  if (s < 172800) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  return Math.round(s / 86400) + " days";
}

export function dollars(n) { return n == null ? "unknown" : "$" + (n < 1 ? digits(n) : n.toFixed(2)); }

export function clock(time) { return new Date(time).toLocaleTimeString("en-GB"); }

/** el makes an element; text goes in as text, never as HTML. */
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) {
    if (v != null && v !== false) e.setAttribute(k, v === true ? "" : v);
  }
  e.append(...children.filter((c) => c != null).map((c) => (c instanceof Node ? c : String(c))));
  return e;
}
