// A page that waits for work on the server looks again until it is done.
setTimeout(() => location.reload(), 2000);
