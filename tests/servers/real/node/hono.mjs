import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"];

export async function start(configure) {
  const app = new Hono();
  await configure(app);
  app.on(METHODS, "/ok", (context) => context.text("ok"));
  app.on(METHODS, "/status/:status", (context) => {
    const status = Number(context.req.param("status"));
    return context.body([204, 304].includes(status) ? null : "status", status);
  });
  app.on(METHODS, "/vary/:lines", (context) => {
    const lines = context.req.param("lines").split("+");
    for (const line of lines) context.header("Vary", line, { append: true });
    return context.text("vary");
  });
  app.on(METHODS, "/own", (context) => {
    context.header("Access-Control-Allow-Origin", "https://own.test");
    return context.text("own");
  });
  app.on(METHODS, "/own/:names", (context) => {
    for (const name of context.req.param("names").split("+")) context.header(name, "own");
    return context.text("own");
  });
  app.on(METHODS, "/crash", () => {
    throw new Error("crash");
  });
  app.on(METHODS, "/thrown", () => {
    throw new HTTPException(403);
  });
  app.onError((error, context) => context.text("error", error.status ?? 500));
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve(port));
  });
}
