// The view of the endpoints: the table, which follows what comes, and the endpoint that is open.

import { element, parsed } from "../dom.js";

const RENEWED_MS = 2000; // the table is made anew at most so often

const PLACE = "#/endpoints/";

export function mount(view, app) {
  return new Endpoints(view, app);
}

class Endpoints {
  #open = null;
  #asked = 0;
  #timer = null;
  #renewals = 0;
  #isNew = false; // the one that is open hasn't come yet

  constructor(view, app) {
    this.app = app;
    this.root = view.querySelector(".endpoints");
    this.matrix = view.querySelector("#matrix");
    this.detail = view.querySelector("#detail");
    this.hint = [...this.detail.children];
    this.onRows = () => this.#later();
    app.feed.addEventListener("rows", this.onRows);
    app.feed.addEventListener("state", this.onRows);
    this.#renew();
  }

  unmount() {
    this.app.feed.removeEventListener("rows", this.onRows);
    this.app.feed.removeEventListener("state", this.onRows);
    clearTimeout(this.#timer);
  }

  route(url) {
    this.#open = url || null;
    this.root.dataset.open = url ? "yes" : "no";
    if (url) this.#load(url, true);
    else {
      this.#asked += 1;
      this.detail.replaceChildren(...this.hint);
    }
    this.#mark();
  }

  key(event, isWriting) {
    if (event.key !== "Escape" || isWriting || !this.#open) return false;
    const row = this.matrix.querySelector("[aria-current]");
    this.app.go("#/endpoints");
    row?.focus();
    return true;
  }

  #later() {
    const isFirst = this.matrix.childElementCount === 0;
    this.#timer ??= setTimeout(() => this.#renew(), isFirst ? 0 : RENEWED_MS);
  }

  async #renew() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const any = this.app.feed.rows.length > 0;
    this.root.querySelector("#begin").hidden = any || this.app.feed.state === "connecting";
    this.matrix.hidden = !any;
    if (!any) return;
    const renewal = (this.#renewals += 1);
    try {
      const content = parsed(await this.app.get("matrix"));
      if (renewal !== this.#renewals) return; // a later one knows better
      this.#show(content);
    } catch (error) {
      this.app.tell(error.message);
    }
    if (this.#open) this.#load(this.#open, this.#isNew);
  }

  // The new table takes the old one's place; what had the focus keeps it.
  #show(content) {
    const focused = document.activeElement;
    const inside = this.matrix.contains(focused) ? focused.getAttribute("href") : null;
    const scrolled = this.matrix.querySelector(".scrolls")?.scrollLeft ?? 0;
    this.matrix.replaceChildren(...content);
    this.matrix.querySelector(".scrolls").scrollLeft = scrolled;
    this.#mark();
    if (inside) [...this.matrix.querySelectorAll("a")].find((link) => link.getAttribute("href") === inside)?.focus({ preventScroll: true });
  }

  #mark() {
    for (const link of this.matrix.querySelectorAll(`a[href^="${PLACE}"]`)) {
      if (decodeURIComponent(link.getAttribute("href").slice(PLACE.length)) === this.#open) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  async #load(url, isNew) {
    const asked = (this.#asked += 1);
    this.#isNew = isNew;
    let content;
    try {
      content = parsed(await this.app.get(`endpoint?url=${encodeURIComponent(url)}`));
    } catch (error) {
      content = [element("p", { class: "trouble" }, error.message)];
    }
    if (asked !== this.#asked) return; // another was opened meanwhile
    this.#isNew = false;
    const scrolled = isNew ? 0 : this.detail.scrollTop;
    this.detail.replaceChildren(...content);
    this.detail.scrollTop = scrolled;
    if (isNew) this.detail.focus({ preventScroll: true });
  }
}
