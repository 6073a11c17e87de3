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
    this.missing = box.dataset.missing;
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
let endpoints = null;

// What the page asks its server for.
async function get(path) {
  if (path.startsWith("exchange/")) return records.html(decodeURIComponent(path.slice("exchange/".length)));
  endpoints ??= unpacked(document.querySelector(".endpoints-packet").textContent);
  const known = await endpoints;
  if (path === "matrix") return known.matrix;
  const found = known.endpoint[decodeURIComponent(path.slice("endpoint?url=".length))];
  if (found === undefined) throw new Error("This endpoint is not in the report.");
  return found;
}

function tell(text) {
  document.querySelector("#told").textContent = text;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => tell(""), TOLD_FOR_MS);
}

const app = { feed: records, get, tell, go: (address) => (location.hash = address) };
const view = document.querySelector("#view");
const links = [...document.querySelectorAll("[data-view]")];
let shown = { name: null, module: null };

function route() {
  if (location.hash && !location.hash.startsWith("#/")) return; // a place within the view
  const [, asked, ...rest] = location.hash.split("/");
  const name = Object.hasOwn(views, asked) ? asked : "exchanges";
  if (name !== shown.name) open(name);
  shown.module.route(rest.map(decoded).join("/"));
}

function open(name) {
  shown.module?.unmount();
  view.replaceChildren(document.querySelector(`template[data-of=${name}]`).content.cloneNode(true));
  view.querySelector("#begin").textContent = BEGIN;
  for (const link of links) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  shown = { name, module: views[name](view, app) };
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isWriting = event.target.matches("input, select");
  const link = isWriting ? null : links[Number(event.key) - 1];
  if (shown.module.key(event, isWriting)) event.preventDefault();
  else if (link) app.go(link.getAttribute("href"));
});
window.addEventListener("hashchange", route);
route();
