// Sends spans with the OpenTelemetry SDK, as an application does:
// otlp.cjs grpc|proto|http ENDPOINT SPANS
const { SpanStatusCode, trace } = require("@opentelemetry/api");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BatchSpanProcessor, NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");

const [, , exporter, url, spans] = process.argv;
const packages = {
  grpc: "@opentelemetry/exporter-trace-otlp-grpc",
  http: "@opentelemetry/exporter-trace-otlp-http",
  proto: "@opentelemetry/exporter-trace-otlp-proto",
  zipkin: "@opentelemetry/exporter-zipkin",
};
const { OTLPTraceExporter, ZipkinExporter } = require(packages[exporter]);
const Exporter = OTLPTraceExporter ?? ZipkinExporter;
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": "orders" }),
  spanProcessors: [new BatchSpanProcessor(new Exporter({ url }))],
});
provider.register();
const tracer = trace.getTracer("test");

tracer.startActiveSpan("GET /orders", (root) => {
  root.setAttribute("http.request.method", "GET");
  for (let index = 0; index < spans - 2; index++) {
    tracer.startActiveSpan("SELECT", (span) => {
      span.setAttribute("rows", index);
      span.addEvent("fetched", { größe: 1.5 });
      span.end();
    });
  }
  tracer.startActiveSpan("INSERT", (span) => {
    span.recordException(new Error("no such table"));
    span.setStatus({ code: SpanStatusCode.ERROR, message: "no such table" });
    span.end();
  });
  root.end();
});
provider.shutdown().then(() => process.exit(0));
