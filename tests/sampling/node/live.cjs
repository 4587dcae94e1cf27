// An application that samples as a server says: `live.cjs KIND ADDRESS PATH`. It
// makes twenty requests a second to PATH, and answers each line of standard input,
// a JSON `{"path": …, "count": …}`, with how many of so many requests it keeps and
// the quota that it has for PATH's rule.
const crypto = require("node:crypto");
const readline = require("node:readline");

const [, , kind, address, ownPath, ownRule] = process.argv;
const FOLDER = "aws-xray-sdk-core/dist/lib/middleware/sampling";

function xray() {
  process.env.AWS_XRAY_LOG_LEVEL = "silent";
  require("aws-xray-sdk-core").setDaemonAddress(address);
  const sampler = require(`${FOLDER}/default_sampler`);
  const cache = require(`${FOLDER}/rule_cache`);
  return {
    keeps: (urlPath) => Boolean(sampler.shouldSample({ httpMethod: "GET", urlPath })),
    quota: () => {
      const rule = cache.getRules().find((one) => one.getName() === ownRule);
      return rule ? rule.getReservoir().quota : null;
    },
  };
}

function opentelemetry() {
  const { context, SpanKind } = require("@opentelemetry/api");
  const { resourceFromAttributes } = require("@opentelemetry/resources");
  const { AWSXRayRemoteSampler } = require("@opentelemetry/sampler-aws-xray");
  const sampler = new AWSXRayRemoteSampler({
    resource: resourceFromAttributes({ "service.name": "orders" }),
    endpoint: `http://${address}`,
    pollingInterval: 300,
  });
  const cache = sampler.internalXraySampler.ruleCache;
  return {
    keeps: (path) => {
      const attributes = { "http.request.method": "GET", "url.path": path };
      const trace = crypto.randomBytes(16).toString("hex");
      const empty = context.active();
      const kept = sampler.shouldSample(empty, trace, "GET", SpanKind.SERVER, attributes, []);
      return kept.decision === 2;
    },
    quota: () => {
      const rule = cache.ruleAppliers.find((one) => one.samplingRule.RuleName === ownRule);
      return rule && !rule.borrowingEnabled ? rule.reservoirSampler.quota : null;
    },
  };
}

const client = { xray, opentelemetry }[kind]();
const traffic = setInterval(() => client.keeps(ownPath), 50);
const input = readline.createInterface({ input: process.stdin });
input.on("line", (line) => {
  const { path, count } = JSON.parse(line);
  let kept = 0;
  for (let index = 0; index < count; index++) kept += client.keeps(path) ? 1 : 0;
  console.log(JSON.stringify({ kept, quota: client.quota() }));
});
input.on("close", () => {
  clearInterval(traffic);
  process.exit(0);
});
