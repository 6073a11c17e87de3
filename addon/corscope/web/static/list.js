// A list of thousands of rows, of which only those in sight are elements.

import { element, shape } from "./dom.js";

const ROW_REM = 3.5; // a row's height, as the style has it
const BEYOND = 6; // rows that are ready above and below what is in sight

export class List extends EventTarget {
  #rows = [];
  #at = new Map(); // id -> place
  #drawn = new Map(); // id -> [row, element]
  #height = ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);

  constructor(box) {
    super();
    this.box = box;
    this.selected = null;
    this.spacer = element("div", { class: "spacer", role: "presentation" });
    box.replaceChildren(this.spacer);
    box.addEventListener("scroll", () => this.draw(), { passive: true });
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(box);
    box.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (!option) return;
      this.select(option.dataset.id);
      this.dispatchEvent(new Event("open"));
    });
  }

  close() {
    this.observer.disconnect();
  }

  get rows() {
    return this.#rows;
  }

  // Shows these rows; what is being read stays where it is, though others come above it.
  show(rows) {
    const first = Math.floor(this.box.scrollTop / this.#height);
    const anchor = this.#isAtSelected() ? this.selected : this.box.scrollTop > 0 ? this.#rows[first]?.id : undefined;
    const before = this.#at.get(anchor);
    this.#rows = rows;
    this.#at = new Map(rows.map((row, at) => [row.id, at]));
    this.spacer.style.height = `${rows.length * this.#height}px`;
    const now = this.#at.get(anchor);
    if (now !== undefined && now !== before) this.box.scrollTop += (now - before) * this.#height;
    this.draw();
  }

  // Whether a person is moving through the list, at a row that is in sight.
  #isAtSelected() {
    const top = (this.#at.get(this.selected) ?? NaN) * this.#height - this.box.scrollTop;
    return document.activeElement === this.box && top > -this.#height && top < this.box.clientHeight;
  }

  draw() {
    const from = Math.max(0, Math.floor(this.box.scrollTop / this.#height) - BEYOND);
    const to = Math.ceil((this.box.scrollTop + this.box.clientHeight) / this.#height) + BEYOND;
    const before = this.#drawn;
    this.#drawn = new Map();
    for (let at = from; at < Math.min(to, this.#rows.length); at += 1) {
      const row = this.#rows[at];
      const [known, made] = before.get(row.id) ?? [];
      const option = known === row ? made : optionOf(row);
      option.style.transform = `translateY(${at * this.#height}px)`;
      option.setAttribute("aria-setsize", this.#rows.length);
      option.setAttribute("aria-posinset", at + 1);
      option.setAttribute("aria-selected", String(row.id === this.selected));
      option.id = `row-${row.n}`;
      this.#drawn.set(row.id, [row, option]);
    }
    this.#place([...this.#drawn.values()].map(([, option]) => option));
    const active = this.#drawn.get(this.selected);
    if (active) this.box.setAttribute("aria-activedescendant", active[1].id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  // Puts the options into the list in their order, moving as few as can be.
  #place(wanted) {
    const kept = new Set(wanted);
    for (const option of [...this.spacer.children]) if (!kept.has(option)) option.remove();
    wanted.forEach((option, at) => {
      const there = this.spacer.children[at];
      if (there !== option) this.spacer.insertBefore(option, there ?? null);
    });
  }

  select(id) {
    this.selected = id;
    const at = this.#at.get(id);
    if (at !== undefined) this.#bringIntoSight(at);
    this.draw();
  }

  // Moves the selection; without one, to the first in sight.
  move(by) {
    if (!this.#rows.length) return;
    const before = Math.ceil(this.box.scrollTop / this.#height) - Math.sign(by);
    const next = (this.#at.get(this.selected) ?? before) + by;
    this.select(this.#rows[Math.min(Math.max(next, 0), this.#rows.length - 1)].id);
  }

  #bringIntoSight(at) {
    const top = at * this.#height;
    const room = this.box.clientHeight - this.#height;
    this.box.scrollTop = Math.min(Math.max(this.box.scrollTop, top - room), top);
  }
}

function optionOf(row) {
  const tags = [];
  if (row.kind === "preflight") tags.push(element("span", { class: "tag" }, "preflight"));
  if (row.hop) tags.push(element("span", { class: "tag" }, row.hop === 1 ? "redirected" : `redirected ${row.hop}×`));
  if (row.rule) tags.push(element("span", { class: "tag rule", dir: "auto" }, row.shadow ? `${row.rule} (shadow)` : row.rule));
  const time = new Date(row.time);
  return element(
    "div",
    { role: "option", class: `row ${row.verdict} ${row.kind}`, "data-id": row.id },
    element("span", { class: "sign" }, shape(row.verdict)),
    element(
      "span",
      { class: "asked" },
      element("b", {}, row.method),
      element("span", { class: "host" }, row.host),
      element("span", { class: "path" }, row.path),
    ),
    element("span", { class: "status" }, row.status === null ? "no answer" : String(row.status)),
    element(
      "span",
      { class: "because" },
      element("span", { class: "word" }, row.verdict),
      row.reason ? element("code", {}, row.reason) : null,
      ...tags,
      row.findings ? element("span", { class: "tag finding", title: "There is something worth knowing" }, `${row.findings} noted`) : null,
      element("span", { class: "origin" }, "from ", row.origin),
    ),
    element("time", { datetime: time.toISOString() }, time.toLocaleTimeString("en-GB")),
  );
}
