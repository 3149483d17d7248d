// What is not sent yet lies in the browser's own database, per account, and survives the page.
import { openDB } from "/vendor/idb.js";
import { account } from "./common.js";

const STORES = ["jobs", "walks", "photos"];
// Opened for each step and closed again: a phone may take an open database away from a page in the background.
async function within(work) {
  const base = await openDB("ecotrack", 2, {
    upgrade(made) {
      for (const name of STORES) if (!made.objectStoreNames.contains(name)) made.createObjectStore(name, { keyPath: "id" });
    },
  });
  try { return await work(base); } finally { base.close(); }
}

// What is kept is on the disk, and not only on its way there.
const change = (store, work) => within(async (base) => {
  const step = base.transaction(store, "readwrite", { durability: "strict" });
  await Promise.all([work(step.store), step.done]);
});

const put = (store, row) => change(store, (rows) => rows.put({ ...row, account }));
const remove = (store, id) => change(store, (rows) => rows.delete(id));
const mine = async (store) => (await within((base) => base.getAll(store))).filter((row) => row.account === account);
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
