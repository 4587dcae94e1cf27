// Says which rule requests meet, to the X-Ray SDK (`matching.cjs xray`) or to
// OpenTelemetry's sampler (`matching.cjs opentelemetry`). Reads cases and writes
// answers as JSON lines, like examples/sampling_match.rs.
const { EventEmitter } = require("node:events");
const readline = require("node:readline");

const PLATFORMS = {
  "AWS::EC2::Instance": "aws_ec2",
  "AWS::ECS::Container": "aws_ecs",
  "AWS::EKS::Container": "aws_eks",
  "AWS::Lambda::Function": "aws_lambda",
};
const FOLDER = "aws-xray-sdk-core/dist/lib/middleware/sampling";

function xray({ rules, requests }) {
  const connector = require(`${FOLDER}/service_connector`);
  const cache = require(`${FOLDER}/rule_cache`);
  cache.rules = [];
  // The rules come to it as they would from the daemon.
  connector.httpClient = {
    request(options, answered) {
      const end = () => {
        const answer = new EventEmitter();
        answered(answer);
        const records = rules.map((rule) => ({ SamplingRule: rule }));
        answer.emit("data", JSON.stringify({ SamplingRuleRecords: records }));
        answer.emit("end");
      };
      return { on() {}, write() {}, end };
    },
  };
  connector.fetchSamplingRules((error, found) => {
    if (error) throw error;
    cache.loadRules(found);
  });
  const now = 1_790_159_515;
  cache.timestamp(now);
  return requests.map((one) => {
    const met = cache.getMatchedRule(
      {
        httpMethod: one.method,
        urlPath: one.path,
        host: one.host,
        serviceName: one.service,
        serviceType: one.type,
      },
      now,
    );
    return met ? met.getName() : null;
  });
}

function opentelemetry({ rules, requests }) {
  const { resourceFromAttributes } = require("@opentelemetry/resources");
  const build = "@opentelemetry/sampler-aws-xray/build/src";
  const { RuleCache } = require(`${build}/rule-cache`);
  const { SamplingRuleApplier } = require(`${build}/sampling-rule-applier`);
  const cache = new RuleCache(resourceFromAttributes({}));
  cache.updateRules(rules.map((rule) => new SamplingRuleApplier(rule, undefined)));
  return requests.map((one) => {
    const known = (attributes) =>
      Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
    cache.samplerResource = resourceFromAttributes(
      known({
        "service.name": one.service,
        "cloud.platform": PLATFORMS[one.type],
        "aws.ecs.container.arn": one.arn,
      }),
    );
    const met = cache.getMatchedRule(
      known({
        "http.request.method": one.method,
        "url.path": one.path,
        "server.address": one.host,
        ...one.attributes,
      }),
    );
    return met ? met.samplingRule.RuleName : null;
  });
}

const match = { xray, opentelemetry }[process.argv[2]];
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  console.log(JSON.stringify(match(JSON.parse(line))));
});
