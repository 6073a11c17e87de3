import Hapi from "@hapi/hapi";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"];

export async function start(configure) {
  const app = (await configure()) ?? Hapi.server();
  Object.assign(app.settings, { host: "127.0.0.1", debug: false });
  const route = (path, handler) => app.route({ method: METHODS, path, handler });
  route("/ok", () => "ok");
  route("/status/{status}", (request, h) => h.response("status").code(+request.params.status));
  route("/vary", (request, h) => h.response("vary").vary("Accept-Encoding"));
  route("/vary-origin", (request, h) => h.response("vary").vary("Origin"));
  route("/own", (request, h) =>
    h.response("own").header("Access-Control-Allow-Origin", "https://own.test"),
  );
  route("/crash", () => {
    throw new Error("crash");
  });
  await app.start();
  return app.info.port;
}
