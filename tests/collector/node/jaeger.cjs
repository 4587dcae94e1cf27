// Sends spans with Jaeger's client, as an application does:
// jaeger.cjs udp|http PORT SPANS
const { initTracer, opentracing } = require("jaeger-client");

const [, , protocol, port, spans] = process.argv;
const reporter =
  protocol === "udp"
    ? { agentHost: "127.0.0.1", agentPort: Number(port) }
    : { collectorEndpoint: `http://127.0.0.1:${port}/api/traces` };
const failed = (message) => {
  console.error(message);
  process.exitCode = 1;
};
const tracer = initTracer(
  { serviceName: "orders", sampler: { type: "const", param: 1 }, reporter },
  { logger: { info() {}, error: failed } },
);

const root = tracer.startSpan("GET /orders", { tags: { "http.method": "GET" } });
for (let index = 0; index < spans - 2; index++) {
  const span = tracer.startSpan("SELECT", { childOf: root, tags: { rows: index } });
  span.log({ event: "fetched", größe: 1.5 });
  span.finish();
}
const failing = tracer.startSpan("INSERT", { childOf: root });
failing.setTag(opentracing.Tags.ERROR, true);
failing.finish();
root.finish();
tracer.close(() => process.exit());
