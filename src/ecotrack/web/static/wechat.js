if (/MicroMessenger/i.test(navigator.userAgent)) for (const node of document.querySelectorAll(".wechat")) node.hidden = false;
