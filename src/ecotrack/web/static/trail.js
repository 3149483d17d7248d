import { call, say } from "./common.js";

document.getElementById("audit").addEventListener("click", async (event) => {
  event.target.disabled = true;
  say("正在逐条核对，登记多时要几分钟……");
  try {
    const told = await call("POST", "/api/trail/audit");
    const raw = told.missing_raw.length ? `　原始文件有问题：${told.missing_raw.join("；")}` : "";
    say(told.broken_at !== null ? `第 ${told.broken_at} 条不对：${told.problem}。请立即停用并找备份。` : `${told.entries} 条全部核对无误，链尾 ${told.seq}:${told.head}。${raw}`);
  } catch (error) { say(error.message); }
  event.target.disabled = false;
});
