// Sends one upload or photograph: goes on where a broken connection left it, and may be repeated any number of times.
import { csrf } from "./common.js";

// What the portal will never take as it is; whatever else goes wrong is tried again.
export class Refused extends Error {}
export class SignedOut extends Error {}

// Why something was not sent, and what becomes of it now.
export const why = (error, kept) => `${error.message.replace(/。$/, "")}。${error instanceof Refused ? "没有被收下，请按提示改正。" : kept}`;

const said = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "" && value !== undefined && value !== null));

async function held(at) {
  let answer;
  try { answer = await fetch(at, { method: "HEAD" }); } catch { throw new Error("没有网络"); }
  if (answer.status === 200) return null;
  if (answer.status === 401) throw new SignedOut("登录已过期，请重新登录；内容还在这台设备上");
  if (answer.status === 404) throw new Refused("这个账号没有权限发送");
  if (answer.status !== 204) throw new Error("暂时连不上");
  return Number(answer.headers.get("Upload-Offset"));
}

function put(at, query, blob, from, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `${at}?${query}`);
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.setRequestHeader("Upload-Offset", String(from));
    request.setRequestHeader("Upload-Length", String(blob.size));
    request.upload.onprogress = (event) => onProgress((from + event.loaded) / blob.size);
    request.onerror = () => reject(new Error("连接中断"));
    request.onload = () => {
      let told = {};
      try { told = JSON.parse(request.responseText); } catch { /* said below */ }
      if (request.status === 200 || request.status === 201) return resolve(told);
      const words = told.zh || "没有发出去";
      if (request.status === 401 || (request.status === 403 && told.error === "Forged")) return reject(new SignedOut("登录已过期，请重新登录；内容还在这台设备上"));
      const again = [409, 429, 503, 507].includes(request.status) && told.error !== "UploadConflict";
      reject(new (again || request.status >= 500 ? Error : Refused)(words));
    };
    request.send(blob.slice(from));
  });
}

async function sent(at, query, blob, onProgress) {
  const kept = await held(at);
  return kept === null ? {} : put(at, query, blob, Math.min(kept, blob.size), onProgress);
}

export const send = (job, onProgress = () => {}) => sent(`/api/uploads/${job.id}`, said({ name: job.name, ...job.asked }), job.blob, onProgress);
export const sendPhoto = (photo, onProgress = () => {}) =>
  sent(`/api/photos/${photo.id}`, said({ upload: photo.upload, plot: photo.plot, ...photo.fix }), photo.blob, onProgress);
