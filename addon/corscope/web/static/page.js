// The page's frame: which view is shown, its theme, the keys that hold everywhere, what is told.

import { get, post, put } from "./server.js";
import { decoded, element, parsed } from "./dom.js";
import { Feed } from "./feed.js";

const THEMES = ["auto", "light", "dark"];
const TOLD_MS = 6000;
const LONGEST_TITLE = 100;
const STATES = {
  connecting: "Connecting…",
  live: "Live",
  lost: "Connection lost; trying again",
  gone: "This mitmproxy has ended; a new one tells its address in the log",
};

const view = document.querySelector("#view");
const links = [...document.querySelectorAll("[data-view]")];
const app = { feed: new Feed(), get, post, put, tell, go, renew };

let shown = { name: null, module: null };

function go(address) {
  location.hash = address;
}

// An address is #/view/rest; the rest is the view's own.
function address() {
  const [, name, ...rest] = location.hash.split("/");
  const known = links.some((link) => link.dataset.view === name) ? name : links[0].dataset.view;
  return { name: known, rest: rest.map(decoded).join("/") };
}

async function route() {
  if (location.hash && !location.hash.startsWith("#/")) return; // a place within the view
  const { name, rest } = address();
  showTitle();
  if (name !== shown.name) {
    shown.module?.unmount?.();
    shown = { name, module: null };
    for (const link of links) {
      if (link.dataset.view === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    await open(shown);
  } else shown.module?.route?.(rest);
}

// Fetches a view and shows it, at the place that the address names by then.
async function open(opened) {
  let html, module;
  try {
    [html, module] = await Promise.all([get(`view/${opened.name}`), import(`./views/${opened.name}.js`)]);
  } catch (error) {
    if (shown === opened) view.replaceChildren(missing(error.message));
    return;
  }
  if (shown !== opened) return; // another was asked for meanwhile
  view.replaceChildren(...parsed(html));
  opened.module = module.mount(view, app);
  opened.module.route?.(address().rest);
}

function missing(why) {
  const again = element("button", { type: "button", class: "quiet", onclick: renew }, "Try again");
  return element("p", { class: "trouble" }, why, " ", again);
}

// Makes the view anew, as the server has it now.
async function renew() {
  shown.module?.unmount?.();
  shown = { name: null, module: null };
  await route();
}

function tell(text) {
  const told = document.querySelector("#told");
  told.textContent = text;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => (told.textContent = ""), TOLD_MS);
}

function theme() {
  return document.documentElement.dataset.theme ?? "auto";
}

function showTheme() {
  document.querySelector("#theme").textContent = `Theme: ${theme()}`;
}

function nextTheme() {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "auto") localStorage.removeItem("corscope-theme");
    else localStorage.setItem("corscope-theme", next);
  } catch {
    // Without storage it holds until the page is closed.
  }
  showTheme();
}

function showState() {
  const line = document.querySelector("#line-state");
  line.textContent = STATES[app.feed.state];
  line.dataset.state = app.feed.state;
}

// What a tab in the background, a list of windows and a screen reader say of the page.
function showTitle() {
  const { name, rest } = address();
  const row = name === "exchanges" ? app.feed.get(rest) : null;
  const open = row ? `${row.verdict} ${row.method} ${row.host}${row.path}` : name === "endpoints" ? rest : "";
  const blocked = app.feed.rows.filter((each) => each.verdict === "blocked").length;
  const trouble = ["lost", "gone"].includes(app.feed.state) ? STATES[app.feed.state].split(";")[0] : "";
  const parts = [
    trouble || (blocked > 0 && !open ? `${blocked.toLocaleString("en")} blocked` : ""),
    open.length > LONGEST_TITLE ? `${open.slice(0, LONGEST_TITLE)}…` : open,
    links.find((link) => link.dataset.view === name).textContent.trim(),
    "corscope",
  ];
  const title = parts.filter(Boolean).join(" · ");
  if (document.title !== title) document.title = title;
}

function help() {
  document.querySelector("#help").showModal();
}

function isWriting(target) {
  return target.matches("input, textarea, select, [contenteditable]");
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("#help").open) return;
  if (shown.module?.key?.(event, isWriting(event.target))) {
    event.preventDefault();
    return;
  }
  if (isWriting(event.target)) return;
  const link = links[Number(event.key) - 1];
  if (event.key === "?") help();
  else if (event.key === "t") nextTheme();
  else if (link) go(link.getAttribute("href"));
  else return;
  event.preventDefault();
}

document.querySelector("#theme").addEventListener("click", nextTheme);
document.querySelector("#keys").addEventListener("click", help);
document.querySelector("#help").addEventListener("click", (event) => {
  if (event.target === event.currentTarget) event.currentTarget.close();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  view.focus();
});
document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", route);
app.feed.addEventListener("state", showState);
app.feed.addEventListener("state", showTitle);
app.feed.addEventListener("rows", showTitle);
showTheme();
app.feed.open();
route();
