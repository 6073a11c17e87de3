// How the page asks its server. The token is the first part of the path.

const TOKEN = location.pathname.split("/")[1];

export async function get(path) {
  return await answered(await asked(path));
}

export async function post(path, body = null) {
  return await sent("POST", path, body);
}

export async function put(path, body) {
  return await sent("PUT", path, body);
}

async function sent(method, path, body) {
  const headers = { "X-Corscope-Token": TOKEN, "Content-Type": "application/json" };
  return await answered(await asked(path, { method, headers, body: JSON.stringify(body) }));
}

// Of a server that isn't there, browsers say no more than that fetching failed.
async function asked(path, init) {
  try {
    return await fetch(path, init);
  } catch {
    throw new Error("mitmproxy doesn't answer: has it ended?");
  }
}

// Text of HTML answers, the value of JSON ones; an error's message is the server's own sentence.
async function answered(response) {
  if (!response.ok) throw new Error((await response.text()).replace(/^corscope: /, "").trim());
  const type = response.headers.get("Content-Type") ?? "";
  return type.startsWith("application/json") ? await response.json() : await response.text();
}
