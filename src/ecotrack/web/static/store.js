// What is not sent yet lies in the browser's own database, per account, and survives the page.
import { account } from "./common.js";

const STORES = ["jobs", "walks", "photos"];

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("ecotrack", 2);
    request.onupgradeneeded = () => {
      for (const name of STORES) {
        if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name, { keyPath: "id" });
      }
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

const put = (store, row) => run(store, "readwrite", (rows) => rows.put({ ...row, account }));
const remove = (store, id) => run(store, "readwrite", (rows) => rows.delete(id));
const mine = async (store) => (await run(store, "readonly", (rows) => rows.getAll())).filter((row) => row.account === account);
export const keep = (job) => put("jobs", { kept: Date.now(), ...job });
export const drop = (id) => remove("jobs", id);
export const jobs = async () => (await mine("jobs")).sort((a, b) => a.kept - b.kept);
export const keepWalk = (walk) => put("walks", walk);
export const dropWalk = (id) => remove("walks", id);
export const walks = () => mine("walks");
export const keepPhoto = (photo) => put("photos", { kept: Date.now(), ...photo });
export const dropPhoto = (id) => remove("photos", id);
export const photos = async () => (await mine("photos")).sort((a, b) => a.kept - b.kept);
// Asks the browser not to throw the database away when space is short.
navigator.storage?.persist?.().catch(() => {});
