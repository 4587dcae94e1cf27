// Sends a segment with the X-Ray SDK, as an application does:
// xray.cjs DAEMON SUBSEGMENTS
const xray = require("aws-xray-sdk-core");

const [, , daemon, subsegments] = process.argv;
xray.setDaemonAddress(daemon);
xray.enableManualMode();

const segment = new xray.Segment("orders");
segment.addAnnotation("tenant", "acme");
for (let index = 0; index < subsegments - 1; index++) {
  const part = segment.addNewSubsegment(`query ${index}`);
  part.namespace = "remote";
  part.addMetadata("größe", index);
  part.close();
}
segment.addNewSubsegment("failing").close(new Error("no such table"));
segment.close();
