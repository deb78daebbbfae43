// A student's page: asks more often while something of the student's waits.
import { keepUpToDate } from "./live.js";

keepUpToDate((data) => data.assignments.some((one) => ["queued", "running"].includes(one.state)));
