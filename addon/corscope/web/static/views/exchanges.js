// The view of the exchanges: the list, its filters, and the one that is open.

import { parsed, element } from "../dom.js";
import { empty, isEmpty, matches, offer, read, write } from "../filters.js";
import { List } from "../list.js";

const kept = { filter: null, paused: null }; // while other views are looked at

export function mount(view, app) {
  return new Exchanges(view, app);
}

class Exchanges {
  #paused = kept.paused; // the rows that stay while it is paused
  #open = null; // the id of the exchange that is open
  #asked = 0;
  #dialect = null; // the one that was chosen last

  constructor(view, app) {
    this.app = app;
    this.root = view.querySelector(".exchanges");
    this.form = view.querySelector(".filters");
    this.detail = view.querySelector("#detail");
    this.hint = [...this.detail.children];
    this.pauseButton = view.querySelector("#pause");
    this.list = new List(view.querySelector("#rows"));
    this.list.addEventListener("open", () => this.#openSelected());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", () => this.#show());
    this.form.addEventListener("click", (event) => this.#press(event.target.closest("button")));
    this.detail.addEventListener("click", (event) => this.#pressDetail(event));
    this.detail.addEventListener("change", (event) => this.#chooseDialect(event.target));
    if (kept.filter) write(this.form, kept.filter);
    this.onRows = () => this.#show();
    app.feed.addEventListener("rows", this.onRows);
    app.feed.addEventListener("state", this.onRows);
    this.#show();
  }

  unmount() {
    Object.assign(kept, { filter: read(this.form), paused: this.#paused });
    this.app.feed.removeEventListener("rows", this.onRows);
    this.app.feed.removeEventListener("state", this.onRows);
    this.list.close();
  }

  route(id) {
    this.#open = id || null;
    this.root.dataset.open = id ? "yes" : "no";
    if (id) {
      this.list.select(id);
      this.#load(id);
    } else {
      this.#asked += 1;
      const wasInDetail = this.detail.contains(document.activeElement);
      this.detail.replaceChildren(...this.hint);
      this.list.draw();
      if (wasInDetail) this.list.box.focus({ preventScroll: true });
    }
  }

  key(event, isWriting) {
    if (event.key === "Escape") return this.#escape(isWriting);
    if (isWriting) {
      const down = event.key === "ArrowDown" && event.target.id === "text";
      if (down) this.list.box.focus();
      if (down) this.list.move(0);
      return down;
    }
    const isElsewhere = event.target.closest("a, button, pre, summary") !== null;
    const moves = { j: 1, k: -1, ...(isElsewhere ? {} : { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }) };
    const inDetail = this.detail.contains(event.target) && event.key.length > 1;
    if (event.key === "/") this.form.querySelector("#text").focus();
    else if (event.key === "p") this.#pause();
    else if (inDetail || event.shiftKey) return false;
    else if (moves[event.key]) this.#move(moves[event.key]);
    else if (event.key === "Home" && !isElsewhere) this.#move(-Infinity);
    else if (event.key === "End" && !isElsewhere) this.#move(Infinity);
    else if (event.key === "Enter" && !isElsewhere && this.list.selected) this.#openSelected();
    else return false;
    return true;
  }

  #move(by) {
    this.list.box.focus({ preventScroll: true });
    this.list.move(by);
    if (this.#open) this.#openSelected();
  }

  #escape(isWriting) {
    if (isWriting) {
      const text = this.form.querySelector("#text");
      if (document.activeElement === text && text.value) {
        text.value = "";
        this.#show();
      } else {
        document.activeElement.blur();
        this.list.box.focus();
      }
      return true;
    }
    if (!this.#open) return false;
    this.app.go("#/exchanges");
    this.list.box.focus({ preventScroll: true });
    return true;
  }

  #openSelected() {
    this.app.go(`#/exchanges/${encodeURIComponent(this.list.selected)}`);
  }

  #press(button) {
    if (!button) return;
    if (button.dataset.verdict) {
      const pressed = button.getAttribute("aria-pressed") === "true";
      button.setAttribute("aria-pressed", String(!pressed));
      this.#show();
    } else if (button.id === "reset") {
      empty(this.form);
      this.#show();
      this.list.box.focus();
    } else if (button.id === "pause") this.#pause();
    else if (button.id === "clear") this.#clear();
  }

  #pause() {
    this.#paused = this.#paused ? null : this.app.feed.rows;
    this.#show();
  }

  async #clear() {
    try {
      await this.app.post("clear");
      this.#paused = kept.paused = null;
      if (this.root.isConnected) this.app.go("#/exchanges"); // else another view was gone to meanwhile
      this.app.tell("Cleared. A journal's file keeps them.");
    } catch (error) {
      this.app.tell(error.message);
    }
  }

  #show() {
    const all = this.#paused ?? this.app.feed.rows;
    const filter = read(this.form);
    const none = isEmpty(filter);
    const rows = none ? all : all.filter((row) => matches(row, filter));
    offer(this.form, all);
    const isThere = all.length > 0;
    this.root.dataset.any = isThere ? "yes" : "no";
    this.form.hidden = !isThere;
    this.list.box.hidden = rows.length === 0;
    this.root.querySelector("#none-left").hidden = !isThere || rows.length > 0;
    this.root.querySelector("#begin").hidden = isThere || this.app.feed.state === "connecting";
    this.root.querySelector("#reset").hidden = none;
    this.#tellCount(rows.length, all.length);
    this.#tellMissing(this.app.feed.missing);
    this.list.show(rows);
  }

  #tellCount(shown, all) {
    const count = (number) => number.toLocaleString("en");
    const text = shown === all ? `${count(all)} exchange${all === 1 ? "" : "s"}` : `${count(shown)} of ${count(all)}`;
    const place = this.root.querySelector("#shown");
    if (place.textContent !== text) place.textContent = text;
    const more = this.#paused ? this.app.feed.rows.filter((row) => row.n > (this.#paused[0]?.n ?? 0)).length : 0;
    this.pauseButton.setAttribute("aria-pressed", String(this.#paused !== null));
    this.pauseButton.textContent = this.#paused ? (more ? `Go on (${count(more)} new)` : "Go on") : "Pause";
  }

  #tellMissing(text) {
    const place = this.root.querySelector("#failed");
    place.hidden = text === "";
    if (text && place.textContent !== text) place.textContent = text;
  }

  async #load(id) {
    const asked = (this.#asked += 1);
    let content;
    try {
      content = parsed(await this.app.get(`exchange/${encodeURIComponent(id)}`));
    } catch (error) {
      content = [element("p", { class: "trouble" }, error.message)];
    }
    if (asked !== this.#asked) return; // another was opened meanwhile
    this.detail.replaceChildren(...content);
    this.detail.scrollTop = 0;
    for (const time of this.detail.querySelectorAll("time")) {
      time.textContent = new Date(time.dateTime).toLocaleTimeString("en-GB"); // as the list has it
    }
    const select = this.detail.querySelector("[data-dialect]");
    if (select && this.#dialect && select.value !== this.#dialect) {
      select.value = this.#dialect;
      this.#chooseDialect(select);
    }
    if (this.root.querySelector(".listing").offsetParent === null) this.detail.focus(); // it takes the list's place
  }

  #pressDetail(event) {
    const mark = event.target.closest("[data-step]");
    if (mark) {
      event.preventDefault();
      const step = this.detail.querySelector(`#step-${mark.dataset.step}`);
      step.scrollIntoView({ block: "center" });
      step.focus({ preventScroll: true });
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) this.#copy(copy);
  }

  async #copy(button) {
    try {
      await navigator.clipboard.writeText(button.closest(".code").querySelector("pre").textContent);
      this.app.tell("Copied.");
    } catch {
      this.app.tell("The browser doesn't let the page copy; select the text instead.");
    }
  }

  async #chooseDialect(target) {
    if (!target.matches("[data-dialect], [data-of]")) return;
    const remedy = target.closest(".remedy");
    const dialect = (this.#dialect = remedy.querySelector("[data-dialect]").value);
    const rule = remedy.querySelector("[data-of]")?.value;
    const path = rule
      ? `export/${dialect}?rule=${encodeURIComponent(rule)}`
      : `exchange/${encodeURIComponent(remedy.dataset.id)}/fix/${dialect}`;
    try {
      const content = parsed(await this.app.get(path));
      const isMeant = remedy.querySelector("[data-dialect]").value === dialect && remedy.querySelector("[data-of]")?.value === rule;
      if (isMeant) remedy.querySelector(".place").replaceChildren(...content); // else another was chosen meanwhile
    } catch (error) {
      this.app.tell(error.message);
    }
  }
}
