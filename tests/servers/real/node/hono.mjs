import { serve } from "@hono/node-server";
import { Hono } from "hono";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"];

export async function start(configure) {
  const app = new Hono();
  await configure(app);
  app.on(METHODS, "/ok", (context) => context.text("ok"));
  app.on(METHODS, "/status/:status", (context) => {
    const status = Number(context.req.param("status"));
    return context.body([204, 304].includes(status) ? null : "status", status);
  });
  app.on(METHODS, "/vary", (context) => {
    context.header("Vary", "Accept-Encoding", { append: true });
    return context.text("vary");
  });
  app.on(METHODS, "/vary-origin", (context) => {
    context.header("Vary", "Origin", { append: true });
    return context.text("vary");
  });
  app.on(METHODS, "/own", (context) => {
    context.header("Access-Control-Allow-Origin", "https://own.test");
    return context.text("own");
  });
  app.on(METHODS, "/crash", () => {
    throw new Error("crash");
  });
  app.onError((error, context) => context.text("Internal Server Error", 500));
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve(port));
  });
}
