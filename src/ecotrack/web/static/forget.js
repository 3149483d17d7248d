navigator.serviceWorker?.controller?.postMessage("forget");
