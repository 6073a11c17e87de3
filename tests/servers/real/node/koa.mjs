import Koa from "koa";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];

function respond(context) {
  const [, page, rest] = context.path.split("/");
  switch (page) {
    case "status":
      context.status = Number(rest);
      break;
    case "vary":
      for (const line of rest.split("+")) context.vary(line);
      break;
    case "other-vary":
      context.set("Vary", rest.replaceAll("+", ", "));
      break;
    case "own":
      if (rest === undefined) context.set("Access-Control-Allow-Origin", "https://own.test");
      else for (const name of rest.split("+")) context.set(name, "own");
      break;
    case "crash":
      throw new Error("crash");
    case "thrown":
      context.throw(403);
    case "missing":
      return;
  }
  context.body = page;
}

export async function start(configure) {
  const app = new Koa();
  app.silent = true;
  await configure(app);
  app.use(async (context, next) =>
    METHODS.includes(context.method) ? respond(context) : next(),
  );
  return new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}
