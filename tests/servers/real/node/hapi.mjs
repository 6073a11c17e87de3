import Hapi from "@hapi/hapi";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"];

export async function start(configure) {
  const app = (await configure()) ?? Hapi.server();
  Object.assign(app.settings, { host: "127.0.0.1", debug: false });
  const route = (path, handler) => app.route({ method: METHODS, path, handler });
  route("/ok", () => "ok");
  route("/status/{status}", (request, h) => h.response("status").code(+request.params.status));
  route("/vary/{lines}", (request, h) => {
    const response = h.response("vary");
    for (const line of request.params.lines.split("+")) response.vary(line);
    return response;
  });
  route("/own", (request, h) =>
    h.response("own").header("Access-Control-Allow-Origin", "https://own.test"),
  );
  route("/own/{names}", (request, h) => {
    const response = h.response("own");
    for (const name of request.params.names.split("+")) response.header(name, "own");
    return response;
  });
  route("/crash", () => {
    throw new Error("crash");
  });
  route("/thrown", () => {
    throw Object.assign(new Error("thrown"), {
      isBoom: true,
      output: { statusCode: 403, payload: {}, headers: {} },
    });
  });
  await app.start();
  return app.info.port;
}
