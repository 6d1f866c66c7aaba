// OpenFeature's web SDK with its OFREP provider, unmodified: it asks for all flags at once, and then
// polls with the tag of the answer.
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature } from "@openfeature/web-sdk";

const { url, key } = JSON.parse(process.argv[2]);
const statuses = [];
let polled;
const again = new Promise((resolve) => (polled = resolve));
const provider = new OFREPWebProvider({
  baseUrl: url,
  pollInterval: 50,
  headers: [["apikey", key]],
  fetchImplementation: async (...asked) => {
    const answer = await fetch(...asked);
    statuses.push(answer.status);
    if (statuses.length > 2) polled();
    return answer;
  },
});
await OpenFeature.setProviderAndWait(provider, { targetingKey: "browser-7" });
const client = OpenFeature.getClient();
const seen = {
  banner: client.getStringDetails("banner", "none"),
  beta: client.getBooleanDetails("beta", false),
  secret: client.getBooleanDetails("secret", false),
};
await again;
console.log(JSON.stringify({ seen, statuses }));
process.exit(0);
