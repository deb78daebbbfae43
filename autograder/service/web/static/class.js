// The instructor's page: asks more often while anything is graded, and for an order once.
import { keepUpToDate } from "./live.js";

const open = ["waiting", "running"];
keepUpToDate((data) => data.queue.length + data.running.length > 0 || data.orders.some((one) => open.includes(one.state)));

document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("button");
  if (button) button.disabled = true; // a second click would be a second order
});
