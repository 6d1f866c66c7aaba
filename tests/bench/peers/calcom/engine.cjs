// Cal.com's published slot engine on a month of hosts: reads the hosts from stdin, answers with their
// free ranges and with how long one round took, in milliseconds. Only its date ranges are loaded;
// what else its package would pull in is stood in for by nothing.
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const [folder, rounds] = [process.argv[2], Number(process.argv[3])];
const dist = path.join(folder, "package", "dist");
const require_ = Module.createRequire(path.join(folder, "dayjs", "package.json"));
const dayjs = require_("./dayjs.min.js");
for (const plugin of ["utc", "timezone", "isBetween", "minMax"]) {
  dayjs.extend(require_(`./plugin/${plugin}.js`));
}
const load = Module._load;
Module._load = (name, ...rest) =>
  name === "dayjs" ? dayjs : /^\.\/index-/.test(name) ? {} : load(name, ...rest);

const engine = fs.readdirSync(dist).find((name) => /^date-ranges-.*\.cjs$/.test(name));
const { buildDateRanges, subtract } = require(path.join(dist, engine));
const { hosts, from, to, timeZone, opens, closes, days } = JSON.parse(fs.readFileSync(0, "utf8"));

function month() {
  return hosts.map(({ id, busy }) => {
    const { dateRanges } = buildDateRanges({
      availability: [{
        days,
        startTime: new Date(`1970-01-01T${opens}:00Z`),
        endTime: new Date(`1970-01-01T${closes}:00Z`),
      }],
      timeZone,
      dateFrom: dayjs.utc(from),
      dateTo: dayjs.utc(to),
      travelSchedules: [],
    });
    const taken = busy.map(([start, end]) => ({ start: dayjs.utc(start), end: dayjs.utc(end) }));
    const free = subtract(dateRanges, taken);
    return { id, free: free.map(({ start, end }) => [start.valueOf(), end.valueOf()]).sort((a, b) => a[0] - b[0]) };
  });
}

const answer = month();
const began = process.hrtime.bigint();
for (let round = 0; round < rounds; round += 1) month();
const taken = Number(process.hrtime.bigint() - began) / 1e6 / rounds;
process.stdout.write(JSON.stringify({ milliseconds: taken, hosts: answer }));
