// The exchanges as they come. Keeps the rows that the server has told of, the newest first.

const MOST_ROWS = 10_000;
const MOST_KNOWN = 2 * MOST_ROWS; // while the browser makes timers wait, as in a hidden tab

export class Feed extends EventTarget {
  rows = [];
  failed = 0; // exchanges on which corscope itself has failed
  state = "connecting";
  #known = new Map();
  #stale = false;

  open() {
    const source = new EventSource("events");
    source.addEventListener("open", () => this.#become("live"));
    source.addEventListener("error", () => this.#become(source.readyState === EventSource.CLOSED ? "gone" : "lost"));
    source.addEventListener("failed", (event) => {
      this.failed = JSON.parse(event.data);
      this.#changed();
    });
    source.addEventListener("rules", () => this.dispatchEvent(new Event("rules")));
    source.addEventListener("reset", () => {
      this.#known.clear();
      this.failed = 0;
      this.#changed();
    });
    source.addEventListener("rows", (event) => {
      for (const row of JSON.parse(event.data)) this.#known.set(row.id, prepared(row));
      if (this.#known.size > MOST_KNOWN) this.#sort();
      this.#changed();
    });
  }

  // What is missing among the rows, in words; empty where nothing is.
  get missing() {
    if (this.failed === 0) return "";
    return `corscope failed on ${this.failed.toLocaleString("en")} exchange${this.failed === 1 ? "" : "s"}, which may be missing here. mitmproxy's event log says what to report.`;
  }

  get(id) {
    return this.#known.get(id);
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  // Many changes become one: sorting ten thousand rows is for once a frame.
  #changed() {
    if (this.#stale) return;
    this.#stale = true;
    setTimeout(() => {
      this.#stale = false;
      this.#sort();
      this.dispatchEvent(new Event("rows"));
    }, 16);
  }

  #sort() {
    this.rows = [...this.#known.values()].sort((one, other) => other.n - one.n);
    for (const row of this.rows.splice(MOST_ROWS)) this.#known.delete(row.id);
  }
}

function prepared(row) {
  const words = [row.method, row.host + row.path, row.origin, row.reason, row.rule, row.status, row.kind];
  row.text = words.join(" ").toLowerCase();
  return row;
}
