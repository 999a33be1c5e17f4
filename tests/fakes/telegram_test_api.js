// Starts telegram-test-api on loopback and lends people its own client: a line of JSON in, a line of JSON out.
"use strict";

const { once } = require("node:events");
const { createInterface } = require("node:readline");

const Server = require(process.argv[2]);

// storeTimeout: seconds until it forgets a message; after its usual 60 a test would lose some.
const server = new Server({ host: "127.0.0.1", storeTimeout: 24 * 3600 });
const print = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

// What a person does, and the server's event once it is stored or a webhook has taken it.
const acts = {
  message: ["AddedUserMessage", (client, { text }) => client.sendMessage(client.makeMessage(text))],
  command: ["AddedUserCommand", (client, { text }) => client.sendCommand(client.makeCommand(text))],
  callback: [
    "AddedUserCallbackQuery",
    (client, { data, message }) => client.sendCallback(client.makeCallbackQuery(data, { message })),
  ],
};

// A webhook that fails rejects a promise nobody waits for, which would end the process: here it fails the act.
let failed = () => {};
process.on("unhandledRejection", (error) => failed(error));

async function act({ token, user, kind, ...content }) {
  const client = server.getClient(token, { userId: user, chatId: user, firstName: `Người ${user}` });
  const [event, send] = acts[kind];
  const failure = new Promise((_, reject) => {
    failed = reject;
  });
  const done = once(server, event);
  await send(client, content);
  await Promise.race([done, failure]);
}

async function main() {
  // Port 0 given in its settings would be taken for none.
  server.config.port = 0;
  await server.start();
  server.config.apiURL = `http://127.0.0.1:${server.server.address().port}`;
  print({ url: server.config.apiURL });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      await act(JSON.parse(line));
      print({ ok: true });
    } catch (error) {
      print({ ok: false, error: String(error.message) });
    }
  }
  // Whoever started it is gone.
  process.exit();
}

main();
