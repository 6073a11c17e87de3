// The report's frame: all exchanges are in the file, packed, and nothing is asked of anyone.

const BEGIN = "No CORS exchange is in this report.";
const TOLD_FOR_MS = 6000;

class Records extends EventTarget {
  state = "live";
  #packets = [...document.querySelectorAll(".packet")];
  #opened = new Map();

  constructor() {
    super();
    const box = document.querySelector("#all-rows");
    this.atOnce = Number(box.dataset.atOnce);
    this.rows = JSON.parse(box.textContent).map(searchable);
    this.places = new Map(this.rows.map((row, place) => [row.id, place]));
    this.rows.reverse(); // the newest first, as on the page
  }

  // The HTML of one exchange.
  async html(id) {
    const place = this.places.get(id);
    if (place === undefined) throw new Error("This exchange is not in the report.");
    const number = Math.floor(place / this.atOnce);
    if (!this.#opened.has(number)) this.#opened.set(number, unpacked(this.#packets[number].textContent));
    return (await this.#opened.get(number))[place % this.atOnce];
  }
}

async function unpacked(packet) {
  const bytes = Uint8Array.from(atob(packet), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

function searchable(row) {
  const words = [row.method, row.host + row.path, row.origin, row.reason, row.rule, row.status, row.kind];
  row.text = words.join(" ").toLowerCase();
  return row;
}

const records = new Records();
const app = {
  feed: records,
  get: (path) => records.html(decodeURIComponent(path.replace(/^exchange\//, ""))),
  go: (address) => (location.hash = address),
  tell(text) {
    document.querySelector("#told").textContent = text;
    clearTimeout(app.timer);
    app.timer = setTimeout(() => app.tell(""), TOLD_FOR_MS);
  },
};
document.querySelector("#begin").textContent = BEGIN;
const exchanges = mount(document.querySelector("#view"), app);

function route() {
  if (location.hash && !location.hash.startsWith("#/")) return; // a place within the view
  const [, name, ...rest] = location.hash.split("/");
  const shown = name === "endpoints" ? name : "exchanges";
  for (const box of document.querySelectorAll("[data-shows]")) box.hidden = box.dataset.shows !== shown;
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (shown === "exchanges") exchanges.route(rest.map(decodeURIComponent).join("/"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("[data-shows=exchanges]").hidden) return;
  const isWriting = event.target.matches("input, select");
  if (exchanges.key(event, isWriting)) event.preventDefault();
});
window.addEventListener("hashchange", route);
route();
