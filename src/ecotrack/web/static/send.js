// Sends one upload: goes on where a broken connection left it, and may be repeated any number of times.
import { csrf } from "./common.js";

export class Refused extends Error {}

export function send(job, onProgress = () => {}) {
  return new Promise((resolve, reject) => {
    const query = new URLSearchParams(Object.entries({ name: job.name, ...job.asked }).filter(([, value]) => value));
    const at = `/api/uploads/${job.id}`;
    fetch(at, { method: "HEAD" }).then((held) => {
      if (held.status === 200) return resolve({ upload_id: job.id });
      if (held.status === 401) return reject(new Refused("登录已过期，请重新登录；内容还在这台设备上。"));
      if (held.status !== 204) return reject(new Error("暂时连不上"));
      const offset = Math.min(Number(held.headers.get("Upload-Offset")), job.blob.size);
      const request = new XMLHttpRequest();
      request.open("PUT", `${at}?${query}`);
      request.setRequestHeader("X-CSRF-Token", csrf);
      request.setRequestHeader("Upload-Offset", String(offset));
      request.setRequestHeader("Upload-Length", String(job.blob.size));
      request.upload.onprogress = (event) => onProgress((offset + event.loaded) / job.blob.size);
      request.onerror = () => reject(new Error("连接中断"));
      request.onload = () => {
        let told = {};
        try { told = JSON.parse(request.responseText); } catch { /* said below */ }
        if (request.status === 200 || request.status === 201) return resolve(told);
        const retry = [409, 429, 503, 507].includes(request.status) || request.status >= 500;
        reject(new (retry ? Error : Refused)(told.zh || "没有发出去"));
      };
      request.send(job.blob.slice(offset));
    }).catch(() => reject(new Error("没有网络")));
  });
}
