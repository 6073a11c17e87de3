// The view of the rules: those in force, and the editor, whose text is checked and tried as it is written.

import { element, parsed } from "../dom.js";

const CHECKED_MS = 300; // after the last key
const RENEWED_MS = 2000; // the list is made anew at most so often
const KEPT = new Map(); // what is written and not saved yet, by the file's path, while the page is open

window.addEventListener("beforeunload", (event) => {
  if (KEPT.size) event.preventDefault(); // so that the browser asks first
});

export function mount(view, app) {
  return new Rules(view, app);
}

class Rules {
  #file = null; // { number, path, text, stamp } as it was read
  #wanted = null; // the number of the file that was asked for last
  #asked = 0;
  #checks = 0;
  #renewals = 0;
  #saving = Promise.resolve();
  #timers = { check: null, renew: null };
  #isGone = false;

  constructor(view, app) {
    this.app = app;
    for (const id of ["list", "file", "edited", "undo", "save", "gutter", "source", "verdict", "problems", "whatif"]) {
      this[id] = view.querySelector(`#${id}`);
    }
    this.list.addEventListener("click", (event) => this.#toggle(event.target.closest("[data-rule]")));
    this.file.addEventListener("change", () => app.go(`#/rules/${this.file.value}`));
    this.source.addEventListener("input", () => this.#written());
    this.source.addEventListener("scroll", () => (this.gutter.scrollTop = this.source.scrollTop));
    this.source.addEventListener("keydown", (event) => this.#saveKey(event));
    this.save.addEventListener("click", () => this.#save());
    this.undo.addEventListener("click", () => this.#undo());
    this.problems.addEventListener("click", (event) => this.#goTo(event.target.closest("[data-line]")));
    this.onRows = () => (this.#timers.renew ??= setTimeout(() => this.#renew(), RENEWED_MS));
    this.onRules = () => app.feed.state === "live" && this.#renew();
    app.feed.addEventListener("rows", this.onRows);
    app.feed.addEventListener("rules", this.onRules);
    app.feed.addEventListener("state", this.onRules); // they may have changed while the line was down
    this.#renew();
  }

  unmount() {
    this.#isGone = true;
    this.app.feed.removeEventListener("rows", this.onRows);
    this.app.feed.removeEventListener("rules", this.onRules);
    this.app.feed.removeEventListener("state", this.onRules);
    clearTimeout(this.#timers.check);
    clearTimeout(this.#timers.renew);
  }

  // An address is #/rules/NUMBER, a file, or #/rules/from/ID, a rule that is yet to be put into one.
  async route(rest) {
    if (!this.file.options.length) return;
    const [first, id] = [rest.split("/")[0], rest.slice(rest.indexOf("/") + 1)];
    if (first === "from") {
      await this.#open(this.file.value);
      await this.#insert(id);
      return;
    }
    const number = this.file.options[Number(first)] ? String(Number(first)) : "0";
    if (this.#wanted !== number) await this.#open(number);
  }

  key() {
    return false;
  }

  // The rules in force

  async #renew() {
    clearTimeout(this.#timers.renew);
    this.#timers.renew = null;
    const renewal = (this.#renewals += 1);
    let content;
    try {
      content = parsed(await this.app.get("rules/list"));
    } catch (error) {
      this.app.tell(error.message);
      return;
    }
    if (this.#isGone || renewal !== this.#renewals) return; // a later one knows better
    const focused = document.activeElement?.dataset?.rule;
    this.list.replaceChildren(...content);
    if (focused !== undefined) this.#switches().find((each) => each.dataset.rule === focused)?.focus();
    await this.#follow();
  }

  // The files may be others now, or say something else; what is written and not saved yet stays.
  async #follow() {
    const files = namesOf(this.list.querySelectorAll("[data-file]"));
    const offered = namesOf(this.file.options);
    if (files.join("\n") === [...new Set(offered)].join("\n")) {
      await this.#lookAgain();
      return;
    }
    const place = files.indexOf(offered[this.file.selectedIndex]);
    history.replaceState(null, "", `#/rules/${Math.max(place, 0)}`);
    await this.app.renew();
  }

  async #lookAgain() {
    const known = this.#file;
    if (!known) return;
    let now;
    try {
      now = await this.app.get(`rules/file/${known.number}`);
    } catch (error) {
      if (this.#file !== known) return;
      this.#file = { ...known, isOther: true };
      this.verdict.textContent = error.message;
      return;
    }
    if (this.#file !== known) return; // saved, or another was opened meanwhile
    const isOther = now.stamp !== known.stamp;
    if (isOther && (!this.#isChanged() || now.text === this.source.value)) {
      this.#file = { ...known, ...now, isOther: false };
      if (this.source.value !== now.text) this.source.value = now.text;
    } else if (isOther === known.isOther) return;
    else this.#file = { ...known, isOther };
    await this.#written(0);
  }

  #switches() {
    return [...this.list.querySelectorAll("[data-rule]")];
  }

  async #toggle(button) {
    if (!button) return;
    const name = button.dataset.rule;
    try {
      const { on } = await this.app.post("rules/toggle", { name });
      this.app.tell(`${name} is ${on ? "on" : "off"} for this run.`);
    } catch (error) {
      this.app.tell(error.message);
    }
    await this.#renew();
  }

  // The editor

  async #open(number) {
    const asked = (this.#asked += 1);
    this.#wanted = number;
    try {
      const { path, text, stamp } = await this.app.get(`rules/file/${number}`);
      if (asked !== this.#asked) return;
      this.#file = { number, path, text, stamp, isOther: false };
      this.file.value = number;
      this.source.value = KEPT.get(path) ?? text;
      this.source.disabled = false;
      await this.#written(0);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#file = this.#wanted = null;
      this.source.value = "";
      this.source.disabled = true;
      this.verdict.textContent = error.message;
    }
  }

  // Rules are tried from the top, so a new one goes above all others, below the file's own comments.
  async #insert(id) {
    if (!this.#file) return;
    const opened = this.#asked;
    try {
      const { text } = await this.app.get(`rules/from/${encodeURIComponent(id)}`);
      if (this.#isGone || opened !== this.#asked) return; // the address is another one by now
      const head = /^(?:#[^\n]*\n|[ \t]*\n)*/.exec(this.source.value)[0];
      const rest = this.source.value.slice(head.length);
      this.source.value = `${head}${text}${rest ? `\n${rest}` : ""}`;
      this.source.focus();
      this.source.setSelectionRange(head.length, head.length);
      history.replaceState(null, "", `#/rules/${this.#file.number}`);
      await this.#written(0);
    } catch (error) {
      this.app.tell(error.message);
    }
  }

  #isChanged() {
    return this.#file !== null && this.source.value !== this.#file.text;
  }

  async #written(wait = CHECKED_MS) {
    const changed = this.#isChanged();
    if (changed) KEPT.set(this.#file.path, this.source.value);
    else KEPT.delete(this.#file?.path);
    const elsewhere = this.#file?.isOther ? "; the file has changed elsewhere" : "";
    this.edited.textContent = changed ? `not saved yet${elsewhere}` : "";
    this.undo.hidden = !changed;
    this.save.disabled = true;
    this.#count();
    clearTimeout(this.#timers.check);
    if (wait) this.#timers.check = setTimeout(() => this.#check(), wait);
    else await this.#check();
  }

  #count(marks = new Map()) {
    const lines = this.source.value.split("\n").length;
    const isMarked = this.gutter.querySelector("[class]") !== null;
    if (lines === this.gutter.childElementCount && !marks.size && !isMarked) return;
    const items = [];
    for (let line = 1; line <= lines; line += 1) items.push(element("li", { class: marks.get(line) }, String(line)));
    this.gutter.replaceChildren(...items);
    this.gutter.scrollTop = this.source.scrollTop;
  }

  // Says what was found: "fine", "mistakes", "nothing" of a server that doesn't answer, or "late" if
  // what is written is checked anew by now.
  async #check() {
    if (!this.#file) return "nothing";
    const check = (this.#checks += 1);
    let told;
    try {
      told = await this.app.post(`rules/check/${this.#file.number}`, { text: this.source.value });
    } catch (error) {
      if (check !== this.#checks) return "late";
      this.verdict.textContent = error.message;
      return "nothing";
    }
    if (check !== this.#checks) return "late";
    const errors = told.problems.filter((problem) => problem.error).length;
    const warnings = told.problems.length - errors;
    this.verdict.dataset.state = errors ? "error" : "fine";
    this.verdict.textContent = errors ? counted(errors, "mistake") : warnings ? `It loads, with ${counted(warnings, "warning")}` : "It loads";
    this.problems.replaceChildren(...told.problems.map(itemOf));
    this.#count(marksOf(told.problems));
    this.whatif.replaceChildren(...(told.whatIf === null ? [] : parsed(told.whatIf)));
    this.save.disabled = errors > 0 || !this.#isChanged();
    return errors ? "mistakes" : "fine";
  }

  #saveKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    this.#save();
  }

  // One after the other: a second begins with what the first has left.
  #save() {
    const save = () => this.#saveNow();
    this.#saving = this.#saving.then(save, save);
  }

  async #saveNow() {
    if (!this.#isChanged()) return;
    const { number, path } = this.#file;
    let found = "late";
    while (found === "late") {
      clearTimeout(this.#timers.check);
      found = await this.#check();
    }
    if (this.#file?.path !== path) return; // another was opened meanwhile; this one is kept
    if (found !== "fine") {
      this.app.tell(found === "mistakes" ? "It has mistakes, so it isn't saved." : this.verdict.textContent);
      return;
    }
    const text = this.source.value;
    try {
      const { stamp } = await this.app.put(`rules/file/${number}`, { text, stamp: this.#file.stamp });
      if (KEPT.get(path) === text) KEPT.delete(path);
      this.app.tell("Saved, and in force.");
      if (this.#file?.path === path) {
        this.#file = { ...this.#file, text, stamp, isOther: false };
        await this.#written(0);
      }
    } catch (error) {
      this.app.tell(error.message);
    }
    await this.#renew();
  }

  async #undo() {
    KEPT.delete(this.#file.path);
    await this.#open(this.#file.number);
    this.source.focus();
  }

  #goTo(item) {
    if (!item) return;
    const lines = this.source.value.split("\n");
    const start = lines.slice(0, Number(item.dataset.line) - 1).join("\n").length;
    const from = Number(item.dataset.line) > 1 ? start + 1 : 0;
    this.source.focus();
    this.source.setSelectionRange(from, from + lines[Number(item.dataset.line) - 1].length);
  }
}

function namesOf(elements) {
  return [...elements].map((each) => each.textContent);
}

function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function marksOf(problems) {
  const marks = new Map();
  for (const problem of problems) {
    if (problem.line && (problem.error || !marks.has(problem.line))) marks.set(problem.line, problem.error ? "error" : "warning");
  }
  return marks;
}

function itemOf(problem) {
  const place = problem.line ? element("button", { type: "button", class: "quiet", "data-line": problem.line }, `line ${problem.line}`) : null;
  const what = [problem.where, problem.value && `= ${problem.value}`].filter(Boolean).join(" ");
  return element(
    "li",
    { class: problem.error ? "error" : "warning" },
    element("b", {}, problem.error ? "mistake" : "warning"),
    " ",
    place,
    problem.file ? element("code", {}, problem.file) : null,
    what ? element("code", {}, ` ${what} `) : null,
    ` ${problem.message}.`,
    problem.hint ? element("span", { class: "hint-of" }, ` Hint: ${problem.hint}.`) : null,
    problem.id ? element("span", { class: "soft" }, ` ${problem.id}`) : null,
  );
}
