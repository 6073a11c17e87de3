// Starts a peer as a proxy: node peers.cjs mockttp|whistle PORT FOLDER [cors]
const [peer, port, folder, cors] = process.argv.slice(2);

const peers = {
  async mockttp() {
    const server = require("mockttp").getLocal({ cors: cors === "cors" });
    await server.start(Number(port));
    await server.forUnmatchedRequest().thenPassThrough();
  },
  async whistle() {
    require("whistle")({
      port,
      baseDir: folder,
      clearPreOptions: true,
      shadowRules: cors === "cors" ? "* resCors://*" : undefined,
    });
  },
};

peers[peer]();
