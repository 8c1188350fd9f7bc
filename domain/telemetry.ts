/** Counters and gauges that rooms report to; the shell gives an implementation. Names are Prometheus names. */
export type Telemetry = {
  count(name: MetricName, labels: Record<string, string>, by?: number): void;
  gauge(name: MetricName, labels: Record<string, string>, value: number): void;
  observe(name: MetricName, labels: Record<string, string>, value: number): void;
};

/** name → kind, labels, help. `docs/reference/metrics.md` is compared with it by a test. */
export const METRICS = {
  sanbiao_readings_total: {
    kind: "counter",
    labels: ["source", "outcome"],
    help: "Readings by source and what the book answered",
  },
  sanbiao_refused_frames_total: { kind: "counter", labels: ["reason"], help: "Frames or values refused, by reason" },
  sanbiao_found_devices_total: {
    kind: "counter",
    labels: ["outcome"],
    help: "Messages of devices that are nobody's meter, by what the tray made of them",
  },
  sanbiao_modbus_transactions_total: {
    kind: "counter",
    labels: ["bus", "outcome"],
    help: "Modbus transactions by bus and outcome",
  },
  sanbiao_modbus_transaction_seconds: { kind: "histogram", labels: ["bus"], help: "Modbus transaction time" },
  sanbiao_modbus_units: {
    kind: "gauge",
    labels: ["bus", "state"],
    help: "Slaves by bus and state of their circuit breaker: closed, open, half_open",
  },
  sanbiao_modbus_breaker_changes_total: {
    kind: "counter",
    labels: ["bus", "to"],
    help: "Changes of slaves' circuit breakers by bus and new state",
  },
  sanbiao_clock_checks_total: {
    kind: "counter",
    labels: ["outcome"],
    help: "Looks at meters' own clocks by outcome: measured, corrected, unproved, held",
  },
  sanbiao_mqtt_clients: { kind: "gauge", labels: [], help: "MQTT clients connected to the embedded broker" },
  sanbiao_mqtt_messages_total: { kind: "counter", labels: ["outcome"], help: "MQTT messages by outcome" },
  sanbiao_command_answers_total: {
    kind: "counter",
    labels: ["outcome"],
    help: "Answers of devices to commands that nobody waited for, or whose signature is not genuine",
  },
  sanbiao_commands_total: {
    kind: "counter",
    labels: ["action", "state"],
    help: "End-device controls by action and state reached",
  },
  sanbiao_bills_total: { kind: "counter", labels: ["outcome"], help: "Bills by outcome" },
  sanbiao_payments_total: { kind: "counter", labels: ["outcome"], help: "Payments by outcome" },
  sanbiao_notices_total: {
    kind: "counter",
    labels: ["channel", "outcome"],
    help: "Sendings of notices by channel and how they ended",
  },
  sanbiao_append_seconds: {
    kind: "histogram",
    labels: [],
    help: "Time from batch start to commit in the readings book",
  },
  sanbiao_spool_rows: { kind: "gauge", labels: [], help: "Readings that wait on disk for the database" },
  sanbiao_spool_bytes: { kind: "gauge", labels: [], help: "Bytes of readings that wait on disk" },
  sanbiao_spool_oldest_seconds: { kind: "gauge", labels: [], help: "Age of the oldest reading that waits on disk" },
  sanbiao_http_requests_total: {
    kind: "counter",
    labels: ["method", "route", "status"],
    help: "HTTP requests by route and status",
  },
  sanbiao_http_request_seconds: {
    kind: "histogram",
    labels: ["route"],
    help: "HTTP request time, event streams left out",
  },
  sanbiao_live_clients: { kind: "gauge", labels: [], help: "Clients that follow the event stream" },
} as const;
export type MetricName = keyof typeof METRICS;

export const noTelemetry: Telemetry = { count: () => {}, gauge: () => {}, observe: () => {} };
