// What is not sent yet lies in the browser's own database, per account, and survives the page.
import { account } from "./common.js";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("ecotrack", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("jobs", { keyPath: "id" });
      request.result.createObjectStore("walks", { keyPath: "id" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run(store, mode, work) {
  const base = await open();
  try {
    return await new Promise((resolve, reject) => {
      const step = base.transaction(store, mode, { durability: "strict" });
      const request = work(step.objectStore(store));
      step.oncomplete = () => resolve(request.result);
      step.onabort = step.onerror = () => reject(step.error);
    });
  } finally {
    base.close();
  }
}

const mine = (rows) => rows.filter((row) => row.account === account);
export const keep = (job) => run("jobs", "readwrite", (store) => store.put({ ...job, account, kept: Date.now() }));
export const drop = (id) => run("jobs", "readwrite", (store) => store.delete(id));
export const jobs = async () => mine(await run("jobs", "readonly", (store) => store.getAll()));
export const keepWalk = (walk) => run("walks", "readwrite", (store) => store.put({ ...walk, account }));
export const dropWalk = (id) => run("walks", "readwrite", (store) => store.delete(id));
export const walks = async () => mine(await run("walks", "readonly", (store) => store.getAll()));
