import Fastify from "fastify";
import vary from "vary";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"];

export async function start(configure) {
  const app = Fastify({ routerOptions: { maxParamLength: 1000 } });
  await configure(app);
  const route = (url, handler, method = METHODS) => app.route({ method, url, handler });
  route("/ok", (request, reply) => reply.send("ok"));
  route("/status/:status", (request, reply) =>
    reply.code(Number(request.params.status)).send("status"),
  );
  // OPTIONS too, for preflights that are passed on.
  route(
    "/vary/:lines",
    (request, reply) =>
      reply.header("Vary", request.params.lines.replaceAll("+", ", ")).send("vary"),
    [...METHODS, "OPTIONS"],
  );
  route("/other-vary/:lines", (request, reply) => {
    let value = reply.getHeader("Vary") ?? "";
    for (const line of request.params.lines.split("+")) value = vary.append(value, line);
    reply.header("Vary", value).send("vary");
  });
  route("/own", (request, reply) =>
    reply.header("Access-Control-Allow-Origin", "https://own.test").send("own"),
  );
  route("/own/:names", (request, reply) => {
    for (const name of request.params.names.split("+")) reply.header(name, "own");
    reply.send("own");
  });
  route("/crash", () => {
    throw new Error("crash");
  });
  route("/thrown", () => {
    throw Object.assign(new Error("thrown"), { statusCode: 403 });
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return app.server.address().port;
}
