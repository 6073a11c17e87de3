import express from "express";

const METHODS = ["get", "post", "put", "delete", "patch"];

export async function start(configure) {
  const app = express();
  app.disable("x-powered-by");
  app.set("env", "production"); // where a page of an error tells its status, not its stack
  await configure(app);
  for (const method of METHODS) {
    app[method]("/ok", (request, response) => response.send("ok"));
    app[method]("/status/:status", (request, response) =>
      response.status(Number(request.params.status)).send("status"),
    );
    app[method]("/own", (request, response) =>
      response.set("Access-Control-Allow-Origin", "https://own.test").send("own"),
    );
    app[method]("/own/:names", (request, response) => {
      for (const name of request.params.names.split("+")) response.set(name, "own");
      response.send("own");
    });
    app[method]("/other-vary/:lines", (request, response) =>
      response.set("Vary", request.params.lines.replaceAll("+", ", ")).send("vary"),
    );
    app[method]("/crash", () => {
      throw new Error("crash");
    });
    app[method]("/thrown", () => {
      throw Object.assign(new Error("thrown"), { status: 403 });
    });
  }
  // OPTIONS too, for preflights that are passed on.
  app.all("/vary/:lines", (request, response) => {
    for (const line of request.params.lines.split("+")) response.vary(line);
    response.send("vary");
  });
  app.use((error, request, response, next) => {
    error.stack = "crash";
    next(error);
  });
  return new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}
