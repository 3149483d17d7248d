// Takes photographs in the page: the picture and the position of that moment are on the device before anything else.
import { make, newId, say } from "./common.js";
import { keepPhoto } from "./store.js";

const OLD_MS = 30000;

// The newest position while a camera is open; `said` gets it in words.
function follow(said) {
  let fix = null;
  const watch = navigator.geolocation?.watchPosition(({ coords, timestamp }) => {
    fix = { lon: coords.longitude, lat: coords.latitude, accuracy_m: coords.accuracy, seen: timestamp };
    said(`定位精度 ${Math.round(coords.accuracy)} 米`);
  }, () => said("没有定位：照片照拍，位置记为未核对"), { enableHighAccuracy: true, maximumAge: 5000, timeout: 30000 });
  return {
    now: () => (fix && Date.now() - fix.seen < OLD_MS ? { lon: fix.lon, lat: fix.lat, accuracy_m: fix.accuracy_m } : {}),
    end: () => navigator.geolocation?.clearWatch(watch),
  };
}

function frame(video) {
  const canvas = make("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.88); });
}

async function shot(video, place, target) {
  const blob = await frame(video);
  if (!blob) throw new Error("没有拍成");
  const photo = { id: newId(), ...target(), blob, fix: { ...place.now(), at: Date.now() } };
  await keepPhoto(photo);
  return photo;
}

// Opens the camera over the page; `target` gives upload and plot, `taken` is called with each photograph that is kept.
export async function camera({ target, taken }) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 2560 }, height: { ideal: 1920 } } });
  const over = make("div", "camera");
  const video = make("video");
  video.playsInline = video.muted = true;
  video.srcObject = stream;
  const told = make("p", "told", "正在定位……");
  const press = make("button", "main", "拍");
  press.disabled = true; // until there is a picture to take: an early tap would be lost
  const close = make("button", "", "完成");
  const bar = make("div", "bar");
  bar.append(press, close);
  over.append(video, told, bar);
  document.body.append(over);
  await video.play();
  told.setAttribute("role", "status");
  let count = 0, where = "", placeless = false;
  const tell = () => { told.textContent = [count ? `已拍 ${count} 张，存在这台设备上` : "", placeless ? "刚才这张没有位置" : "", where || "正在定位……"].filter(Boolean).join("；"); };
  const place = follow((words) => { where = words; tell(); });
  press.addEventListener("click", async () => {
    press.disabled = true;
    try {
      const photo = await shot(video, place, target);
      taken(photo);
      count += 1;
      placeless = photo.fix.lon === undefined;
      over.classList.add("flash");
      setTimeout(() => over.classList.remove("flash"), 150);
      tell();
    } catch (error) { told.textContent = `没有存下：${error.message}`; }
    press.disabled = false;
  });
  press.disabled = false;
  close.addEventListener("click", () => {
    place.end();
    for (const track of stream.getTracks()) track.stop();
    over.remove();
  });
}

const HEIC = "这是苹果手机的 HEIC 照片，别的电脑打不开。请用本页的“拍照”，或先到手机“设置 → 相机 → 格式”选“兼容性最佳”再拍。";

// The box "ftyp" with a brand of the High Efficiency Image File Format (ISO/IEC 23008-12).
async function isHeic(blob) {
  const head = new TextDecoder("latin1").decode(await blob.slice(4, 12).arrayBuffer());
  return /^ftyp(hei|hev|mif1|msf1)/.test(head);
}

// Wires a button and a file field; the file field serves where the page gets no camera.
export function photographing({ button, files, target, taken }) {
  button.addEventListener("click", async () => {
    try { await camera({ target, taken }); } catch { say(isSecureContext ? "网页用不了摄像头，请用系统相机拍。" : "本网页不是 https，请用系统相机拍。");
      files.setAttribute("capture", "environment"); // for this once: else it opens the pictures that are there
      files.click();
      files.removeAttribute("capture");
    }
  });
  files.addEventListener("change", async () => {
    try {
      for (const blob of files.files) {
        if (await isHeic(blob)) { say(HEIC); continue; }
        const photo = { id: newId(), ...target(), blob, fix: {} };
        await keepPhoto(photo);
        taken(photo);
      }
    } catch { say("这台设备的空间不够，照片没有存下。"); }
    files.value = "";
  });
}
