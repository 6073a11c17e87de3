// Which rows are shown, and what can be chosen from.

export const SELECTS = ["origin", "host", "reason", "rule"];

export function matches(row, filter) {
  if (filter.verdicts.size && !filter.verdicts.has(row.verdict)) return false;
  for (const name of SELECTS) if (filter[name] && row[name] !== filter[name]) return false;
  return filter.words.every((word) => row.text.includes(word));
}

export function isEmpty(filter) {
  return !filter.words.length && !filter.verdicts.size && SELECTS.every((name) => !filter[name]);
}

export function read(form) {
  const filter = { verdicts: new Set() };
  for (const chip of form.querySelectorAll("[data-verdict][aria-pressed=true]")) filter.verdicts.add(chip.dataset.verdict);
  for (const name of SELECTS) filter[name] = form.querySelector(`[data-by=${name}]`).value;
  filter.text = form.querySelector("#text").value;
  filter.words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return filter;
}

export function write(form, filter) {
  form.querySelector("#text").value = filter.text;
  for (const chip of form.querySelectorAll("[data-verdict]")) chip.setAttribute("aria-pressed", String(filter.verdicts.has(chip.dataset.verdict)));
  for (const name of SELECTS) {
    const select = form.querySelector(`[data-by=${name}]`);
    if (filter[name]) select.add(new Option(filter[name], filter[name]));
    select.value = filter[name];
  }
}

export function empty(form) {
  write(form, { text: "", verdicts: new Set(), origin: "", host: "", reason: "", rule: "" });
}

// Offers the values that there are, and keeps the chosen one.
export function offer(form, rows) {
  for (const name of SELECTS) {
    const select = form.querySelector(`[data-by=${name}]`);
    const values = [...new Set(rows.map((row) => row[name]).filter(Boolean))].sort();
    if (select.value && !values.includes(select.value)) values.push(select.value);
    const there = [...select.options].slice(1).map((option) => option.value);
    if (values.length !== there.length || values.some((value, at) => value !== there[at])) {
      const chosen = select.value;
      select.replaceChildren(select.options[0], ...values.map((value) => new Option(value, value)));
      select.value = chosen;
    }
    select.parentElement.hidden = values.length === 0;
  }
  for (const count of form.querySelectorAll("[data-count]")) {
    const verdict = count.dataset.count;
    count.textContent = rows.filter((row) => row.verdict === verdict).length.toLocaleString("en");
  }
}
