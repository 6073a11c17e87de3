import { H3, HTTPError, serve } from "h3";

const METHODS = ["get", "post", "put", "delete", "patch"];

export async function start(configure) {
  const app = new H3({ silent: true });
  await configure(app);
  for (const method of METHODS) {
    app[method]("/ok", () => "ok");
    app[method]("/status/:status", (event) => {
      event.res.status = Number(event.context.params.status);
      return "status";
    });
    app[method]("/vary/:lines", (event) => {
      const lines = event.context.params.lines.split("+");
      for (const line of lines) event.res.headers.append("Vary", line);
      return "vary";
    });
    app[method]("/other-vary/:lines", (event) => {
      event.res.headers.set("Vary", event.context.params.lines.replaceAll("+", ", "));
      return "vary";
    });
    app[method]("/own", (event) => {
      event.res.headers.set("Access-Control-Allow-Origin", "https://own.test");
      return "own";
    });
    app[method]("/own/:names", (event) => {
      for (const name of event.context.params.names.split("+")) event.res.headers.set(name, "own");
      return "own";
    });
    app[method]("/crash", () => {
      throw new Error("crash");
    });
    app[method]("/thrown", () => {
      throw new HTTPError({ status: 403 });
    });
  }
  const server = serve(app, { hostname: "127.0.0.1", port: 0, silent: true });
  await server.ready();
  return Number(new URL(server.url).port);
}
