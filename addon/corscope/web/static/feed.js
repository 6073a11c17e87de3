// The exchanges as they come. Keeps the rows that the server has told of, the newest first.

const MOST_ROWS = 10_000;
const MOST_KNOWN = 2 * MOST_ROWS; // while the browser makes timers wait, as in a hidden tab

// The server says something every 15 seconds. What is silent for longer has gone without a word, as
// through a tunnel while a laptop sleeps, and the browser waits for ever.
const SILENT_MS = 40_000;

export class Feed extends EventTarget {
  rows = [];
  failed = 0; // exchanges on which corscope itself has failed
  state = "connecting";
  #known = new Map();
  #stale = false;

  open(known = "") {
    const source = new EventSource(known ? `events?known=${known}` : "events");
    let upto = known;
    let silence = null;
    const wait = () => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        source.close();
        this.#become("lost");
        this.open(upto);
      }, SILENT_MS);
    };
    wait();
    source.addEventListener("open", () => {
      wait();
      this.#become("live");
    });
    for (const name of ["alive", "reset", "rows", "failed", "rules"]) {
      source.addEventListener(name, (event) => {
        wait();
        if (event.lastEventId || name === "reset") upto = event.lastEventId;
      });
    }
    source.addEventListener("error", () => {
      clearTimeout(silence); // the browser tries again by itself
      this.#become(source.readyState === EventSource.CLOSED ? "gone" : "lost");
    });
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
