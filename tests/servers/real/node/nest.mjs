import "reflect-metadata";
import { All, Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter } from "@nestjs/platform-fastify";

class Pages {
  ok() {
    return "ok";
  }
}

// What decorators do, which Node doesn't know yet.
class App {}
Controller()(Pages);
All("ok")(Pages.prototype, "ok", Object.getOwnPropertyDescriptor(Pages.prototype, "ok"));
Module({ controllers: [Pages] })(App);

export async function start(configure, ...adapter) {
  const app = await NestFactory.create(App, ...adapter, { logger: false });
  await configure(app);
  await app.listen(0, "127.0.0.1");
  return app.getHttpServer().address().port;
}

export const startOnFastify = (configure) => start(configure, new FastifyAdapter());
