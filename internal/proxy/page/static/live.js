// What comes from the proxy: figures when asked for, events as they happen.

const keep = "glmtray client key";

/** Unknown says that a client key is wanted. */
export class Unknown extends Error {}

function headers() {
  const key = sessionStorage.getItem(keep);
  return key ? { Authorization: "Bearer " + key } : {};
}

export function setKey(key) { sessionStorage.setItem(keep, key); }
export function hasKey() { return sessionStorage.getItem(keep) != null; }

async function get(path, signal) {
  const r = await fetch(path, { headers: headers(), cache: "no-store", credentials: "omit", signal });
  if (r.status === 401) throw new Unknown();
  if (!r.ok) throw new Error("the proxy answers " + r.status);
  return r;
}

export async function figures(query) { return (await get("data?" + new URLSearchParams(query))).json(); }

/** read calls on(name, value) for each event of /_events until the stream ends. */
async function read(on, signal) {
  const body = (await get("../_events", signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await body.read();
    if (done) return;
    text += value;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      let name = "", data = "";
      for (const line of text.slice(0, end).split("\n")) {
        if (line.startsWith("event: ")) name = line.slice(7);
        if (line.startsWith("data: ")) data += line.slice(6);
      }
      if (name) on(name, JSON.parse(data));
    }
  }
}

// A proxy that is restarted is back within seconds; one that is gone need not be
// asked every second.
const waits = [1, 2, 4, 8, 15];
const silence = 40_000; // ms; the proxy sends something every 15 s

/**
 * follow reads events for ever. The first event of each connection is a
 * snapshot, which fills in what was missed. down(seconds) counts down to the
 * next try.
 */
export async function follow(on, down) {
  for (let tries = 0; ;) {
    const stop = new AbortController();
    let quiet = setTimeout(() => stop.abort(), silence);
    try {
      await read((name, value) => {
        clearTimeout(quiet);
        quiet = setTimeout(() => stop.abort(), silence);
        tries = 0;
        on(name, value);
      }, stop.signal);
    } catch (e) {
      if (e instanceof Unknown) throw e;
    } finally {
      clearTimeout(quiet);
      stop.abort();
    }
    for (let left = waits[Math.min(tries++, waits.length - 1)]; left > 0; left--) {
      down(left);
      await new Promise((done) => setTimeout(done, 1000));
    }
    down(0);
  }
}
