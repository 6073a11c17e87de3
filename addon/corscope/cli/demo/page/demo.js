// Sends the request of each case to the API, and shows what came of it: on the left what this
// script could learn, on the right what corscope wrote to its journal about the same request.
"use strict";

const WAIT_FOR_JOURNAL_MS = 6000;
const CAUSES = {
  server: "the API's own answer",
  rule: "done by a rule in the rule file",
  network: "no answer",
};

let setting;

async function begin() {
  setting = await (await fetch("/setting")).json();
  document.querySelector("#page-origin").textContent = location.origin;
  document.querySelector("#api-origin").textContent = setting.api;
  document.querySelector("#proxy").textContent = setting.proxy;
  document.querySelector("#rules").textContent = setting.rules;
  for (const item of setting.cases) document.querySelector("#cases").append(card(item));
  document.querySelector("#send-all").addEventListener("click", sendAll);
}

function card(item) {
  const article = document.querySelector("#case").content.cloneNode(true).firstElementChild;
  article.id = item.id;
  find(article, "h2").textContent = item.title;
  find(article, ".story").textContent = item.story;
  find(article, ".request code").textContent = requestText(item);
  find(article, ".cause").textContent = CAUSES[item.cause];
  const button = find(article, "button");
  button.setAttribute("aria-label", `Send: ${item.title}`);
  button.addEventListener("click", () => send(item, article));
  return article;
}

function requestText(item) {
  const headers = Object.entries(item.headers).map(([name, value]) => `, ${name}: ${value}`);
  const credentials = item.credentials === "include" ? ", credentials: include" : "";
  const mode = item.mode === "cors" ? "" : `, mode: ${item.mode}`;
  const times = item.times > 1 ? `, ${item.times} times` : "";
  return `${item.method} /${item.id}${headers.join("")}${credentials}${mode}${times}`;
}

async function sendAll(event) {
  event.currentTarget.setAttribute("aria-busy", "true");
  const all = setting.cases.map((item) => send(item, document.getElementById(item.id)));
  await Promise.all(all);
  document.querySelector("#send-all").removeAttribute("aria-busy");
}

async function send(item, article) {
  const button = find(article, "button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const press = crypto.randomUUID().replaceAll("-", "");
  let saw;
  for (let time = 0; time < item.times; time += 1) saw = await ask(item, press);
  const exchanges = await journal(press, item.times);
  showScript(find(article, ".script"), item, saw);
  showCorscope(find(article, ".corscope"), item, exchanges);
  showAgreement(article, item, saw, exchanges);
  find(article, ".result").hidden = false;
  button.removeAttribute("aria-busy");
}

// All that a page can learn: either an answer, or an error that is the same for every cause.
async function ask(item, press) {
  const base = item.cause === "network" ? setting.down : setting.api;
  try {
    const answer = await fetch(`${base}/${item.id}/${press}`, {
      method: item.method,
      headers: item.headers,
      credentials: item.credentials,
      mode: item.mode,
      body: ["POST", "PUT"].includes(item.method) ? "{}" : undefined,
    });
    const header = item.reads && `${item.reads}: ${answer.headers.get(item.reads)}`;
    const opaque = answer.type === "opaque";
    return { ok: true, opaque, status: answer.status, header, body: await answer.text() };
  } catch (error) {
    return { ok: false, error: String(error) };
  }
}

// The journal is written when the answer has passed the proxy, so its last line may be a moment late.
async function journal(press, times) {
  const deadline = performance.now() + WAIT_FOR_JOURNAL_MS;
  let exchanges = [];
  while (performance.now() < deadline) {
    exchanges = (await (await fetch(`/said/${press}`)).json()).exchanges;
    if (isSettled(exchanges, times)) return exchanges;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return exchanges;
}

function isSettled(exchanges, times) {
  const last = exchanges.at(-1);
  const actual = exchanges.filter((exchange) => exchange.kind === "actual");
  if (!last || (last.kind === "actual" && actual.length < times)) return false;
  const redirected = last.status >= 300 && last.status < 400;
  return last.kind === "preflight" ? last.verdict !== "allowed" : !redirected;
}

function showScript(section, item, saw) {
  const outcome = find(section, ".outcome");
  outcome.className = `outcome ${saw.ok ? "allowed" : "blocked"}`;
  const got = saw.opaque ? "An opaque answer: nothing of it" : `An answer, status ${saw.status}`;
  outcome.textContent = saw.ok ? got : "An error without a cause";
  const lines = saw.ok ? [saw.header && `headers.get → ${saw.header}`, saw.body] : [saw.error];
  find(section, "pre").textContent = lines.filter(Boolean).join("\n");
}

function showCorscope(section, item, exchanges) {
  const last = exchanges.at(-1);
  const outcome = find(section, ".outcome");
  const facts = find(section, "dl");
  facts.replaceChildren();
  find(section, ".exchanges").replaceChildren(...exchanges.map((exchange) => row(exchange, item)));
  if (!last) {
    outcome.className = "outcome";
    outcome.textContent = "Nothing: the request did not pass the proxy";
    find(section, ".what").textContent = "";
    find(section, ".fix").textContent = "";
    showTrouble();
    return;
  }
  const judged = last.verdicts[item.credentials];
  const told = last.told[item.credentials] ?? opaque(item) ?? notExposed(item, last);
  outcome.className = `outcome ${judged.verdict}`;
  outcome.textContent = judged.verdict === "allowed" ? "Allowed" : `Blocked: ${judged.reason}`;
  find(section, ".what").textContent = told ? `${told.what[0].toUpperCase()}${told.what.slice(1)}.` : "";
  find(section, ".fix").replaceChildren(...(told?.fix ? [element("strong", "Fix: "), told.fix] : []));
  addFact(facts, "Chromium says", judged.chromium);
  addFact(facts, "Firefox says", judged.firefox);
  addFact(facts, "Rule", last.rule ?? exchanges.find((exchange) => exchange.rule)?.rule);
}

// Without CORS nobody's leave is needed, and nothing is given.
function opaque(item) {
  return item.mode === "no-cors" ? { what: "no leave is needed, and script can read nothing of it" } : null;
}

// An allowed answer whose header script can't read is no refusal, so the journal has no reason.
function notExposed(item, last) {
  if (!item.reads || !last.hidden?.includes(item.reads.toLowerCase())) return null;
  return {
    what: `script can't read ${item.reads}, which is sent but not exposed`,
    fix: `send "Access-Control-Expose-Headers: ${item.reads}".`,
  };
}

function addFact(list, term, value) {
  if (value) list.append(element("dt", term), element("dd", value));
}

function row(exchange, item) {
  const judged = exchange.verdicts[item.credentials];
  const asked = exchange.kind === "preflight" ? `OPTIONS for ${exchange.method}` : exchange.method;
  const url = new URL(exchange.url);
  const line = element("li", `${asked} ${url.origin}, Origin: ${exchange.origin} → ${exchange.status ?? exchange.error}: `);
  line.append(element("span", judged.verdict, judged.verdict));
  if (exchange.headers.length) {
    line.append(element("pre", exchange.headers.map(([name, value]) => `${name}: ${value}`).join("\n")));
  }
  return line;
}

function showAgreement(article, item, saw, exchanges) {
  const said = exchanges.at(-1)?.verdicts[item.credentials].verdict ?? "nothing";
  const agree = (said === "allowed") === saw.ok && said !== "nothing";
  article.dataset.script = saw.ok ? "allowed" : "blocked";
  article.dataset.corscope = said;
  const text = agree ? "Script and corscope agree." : "Script and corscope don't agree.";
  find(article, ".agree").textContent = text;
}

function showTrouble() {
  const trouble = document.querySelector("#trouble");
  trouble.textContent =
    `corscope saw nothing. Does this browser use the proxy ${setting.proxy}, also for localhost and ` +
    "127.0.0.1? Browsers leave the proxy out for these unless told otherwise; the terminal says how.";
  trouble.hidden = false;
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function find(root, selector) {
  return root.querySelector(selector);
}

begin();
